import { MeshError } from '../core/errors.ts';

type Jose = typeof import('jose');

let loaded: Promise<Jose> | undefined;

/** jose, once something is to be done with tokens. @throws MeshError INVALID_ARGUMENT when it is not installed. */
export function jose(): Promise<Jose> {
  loaded ??= import('jose').catch((cause) => {
    loaded = undefined;
    throw new MeshError('request', 'identity: tokens need the package jose (npm install jose)', { cause });
  });
  return loaded;
}
