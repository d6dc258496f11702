import { networkInterfaces } from 'node:os';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Instance, Registry } from '../discovery/registry.ts';
import { show } from '../policy/read.ts';
import { newTraceIdPrefix as halfId } from '../wire/trace-context.ts';

/** What a process tells about itself when it joins. */
export interface AnnounceOptions {
  /** The port it listens on, from 1 to 65 535. */
  readonly port: number;
  /** Where others reach it; unless told, the first address of this machine that is not its own loopback. */
  readonly host?: string | undefined;
  /** Unique among the instances of the service; made up unless told. */
  readonly id?: string | undefined;
  /** How much of the traffic it should have beside the others; 1 unless told, 0 takes none. */
  readonly weight?: number | undefined;
  /** Where it runs; as `createMesh({ zone })` says unless told. */
  readonly zone?: string | undefined;
  /** Whether it speaks https; not unless told. */
  readonly secure?: boolean | undefined;
  /** What else others may know, such as labels for `subset`; nothing unless told. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const CHECKS: Readonly<Record<keyof AnnounceOptions, readonly [must: string, ok: (value: unknown) => boolean]>> = {
  port: ['a whole number from 1 to 65535', (v) => Number.isInteger(v) && (v as number) > 0 && (v as number) < 65_536],
  host: [
    'a host name or an IP address',
    (v) => typeof v === 'string' && /^(?:[A-Za-z0-9._-]{1,253}|[0-9a-fA-F:.]{2,45})$/.test(v),
  ],
  id: [
    "letters, digits, '.', ':', '_' and '-', 128 at most",
    (v) => typeof v === 'string' && /^[A-Za-z0-9][A-Za-z0-9.:_-]{0,127}$/.test(v),
  ],
  weight: ['a number of at least 0', (v) => typeof v === 'number' && Number.isFinite(v) && v >= 0],
  zone: ['a text', (v) => typeof v === 'string'],
  secure: ['true or false', (v) => typeof v === 'boolean'],
  metadata: ['an object of texts', isTexts],
};

/** The instance that this process is. @throws MeshError INVALID_ARGUMENT when an option is not as it must be. */
export function makeInstance(service: string, options: AnnounceOptions, registry: Registry, env: Env): Instance {
  if (typeof options !== 'object' || options === null) {
    throw new MeshError('request', `announce: the options must be an object with port, got ${show(options)}`);
  }
  for (const [key, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof AnnounceOptions] : undefined;
    if (check === undefined) {
      throw new MeshError('request', `announce: no such option '${key}'; there are ${Object.keys(CHECKS).join(', ')}`);
    }
    if (value !== undefined && !check[1](value)) {
      throw new MeshError('request', `announce: ${key} must be ${check[0]}, got ${show(value)}`);
    }
  }
  const {
    port,
    host = registry.host ?? ownAddress(),
    id,
    weight = 1,
    zone = env.place?.zone ?? '',
    secure = false,
    metadata = {},
  } = options;
  if (port === undefined) throw new MeshError('request', 'announce: port must be given');
  const made = id ?? `${halfId(env.random.bits)}${halfId(env.random.bits)}`;
  return Object.freeze({
    service,
    id: made,
    host,
    port,
    secure,
    weight,
    zone,
    metadata: Object.freeze({ ...metadata }),
  });
}

/** Where an instance can be reached; the same text for the same place. */
export const addressOf = ({ host, port }: Instance): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`.toLowerCase();

function isTexts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}

/** The first address that other machines could reach, IPv4 before IPv6; the loopback when there is none. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const reachable = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return (reachable.find(({ family }) => family === 'IPv4') ?? reachable[0])?.address ?? '127.0.0.1';
}
