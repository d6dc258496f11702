import { MeshError } from '../core/errors.ts';
import { isHost, isPort } from '../wire/record.ts';
import { checkServiceName } from './names.ts';
import type { Instance, InstanceChange } from './registry.ts';

/** The largest weight there is; far beyond any use, and far from where numbers lose their precision. */
export const HEAVIEST = 1_000_000;

/** Metadata keys that begin so are the registry's own, and are not shown. */
export const INTERNAL = 'inmesh.';

const ID = /^[A-Za-z0-9[][A-Za-z0-9._:@~+[\]-]{0,199}$/; // a UUID, a name, `host:port`; a file or a node of a tree anywhere
const METADATA_CHARACTERS = 32_768; // half a record: the rest of it must fit too

/**
 * Checks what a process tells about itself, and gives back a copy that nobody can change.
 * @throws MeshError INVALID_ARGUMENT with what is wrong.
 */
export function checkInstance(instance: Instance): Instance {
  const { service, id, host, port, secure, zone } = instance;
  checkServiceName(service);
  must(typeof id === 'string' && ID.test(id), 'id', `1 to 200 letters, digits and . _ : @ ~ + - [ ]`, id);
  must(isHost(host), 'host', 'a host name or an IP address, without brackets', host);
  must(isPort(port), 'port', 'a whole number from 1 to 65535', port);
  must(typeof secure === 'boolean', 'secure', 'true or false', secure);
  must(typeof zone === 'string' && zone.length <= 253, 'zone', 'a text of at most 253 characters', zone);
  const weight = checkWeight(instance.weight);
  return Object.freeze({ service, id, host, port, secure, weight, zone, metadata: checkMetadata(instance.metadata) });
}

/** The instance after a change, checked. @throws MeshError INVALID_ARGUMENT with what is wrong. */
export function changed(instance: Instance, { weight, metadata }: InstanceChange): Instance {
  return checkInstance({ ...instance, weight: weight ?? instance.weight, metadata: metadata ?? instance.metadata });
}

function checkWeight(weight: unknown): number {
  const fine = typeof weight === 'number' && weight >= 0 && weight <= HEAVIEST;
  must(fine, 'weight', `a number from 0 to ${HEAVIEST}`, weight);
  return weight as number;
}

function checkMetadata(metadata: unknown): Readonly<Record<string, string>> {
  must(
    typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata),
    'metadata',
    'an object',
    metadata,
  );
  const entries = Object.entries(metadata as object);
  let characters = 0;
  for (const [key, value] of entries) {
    if (key === 'weight' || key === 'zone') throw problem(`metadata.${key}`, 'said by the option of that name');
    if (key === '__proto__' || key === '@class' || key === '' || key.startsWith(INTERNAL)) {
      throw problem(`metadata['${key}']`, 'called something else: that name is taken');
    }
    must(typeof value === 'string', `metadata['${key.slice(0, 80)}']`, 'a text', value);
    characters += key.length + (value as string).length;
  }
  if (characters > METADATA_CHARACTERS) throw problem('metadata', `at most ${METADATA_CHARACTERS} characters in all`);
  return Object.freeze(Object.fromEntries(entries) as Record<string, string>);
}

function must(holds: boolean, what: string, rule: string, value: unknown): void {
  if (!holds) throw problem(what, rule, `, got ${show(value)}`);
}

const problem = (what: string, rule: string, got = ''): MeshError =>
  new MeshError('request', `an instance's ${what} must be ${rule}${got}`);

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 80).replace(/[^ -~]/g, '?')}'`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
