import { MeshError } from '../core/errors.ts';
import { SERVICE_NAME } from '../policy/names.ts';

/** Whether it can be the name of a service. */
export const isServiceName = (name: unknown): name is string => typeof name === 'string' && SERVICE_NAME.test(name);

/**
 * Checks the name of a service: letters, digits, and `.`, `_`, `-` inside, no two `.` side by side; 253 at most.
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
