import { MeshError } from '../core/errors.ts';

const FORM = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

/** Whether it can be the name of a service. */
export const isServiceName = (name: unknown): name is string =>
  typeof name === 'string' && FORM.test(name) && !name.includes('..');

/**
 * Checks the name of a service: letters, digits, and `.`, `_`, `-` inside; 253 at most. Such a name is a host in a URL,
 * a file and a node of a tree everywhere.
 * @throws MeshError INVALID_ARGUMENT when it is not one.
 */
export function checkServiceName(name: unknown): asserts name is string {
  if (isServiceName(name)) return;
  const shown = typeof name === 'string' ? `'${name.slice(0, 80)}'` : String(name === null ? null : typeof name);
  throw new MeshError(
    'request',
    `a service name must be letters, digits, '.', '_' and '-', and begin and end with a letter or digit; got ${shown}`,
  );
}
