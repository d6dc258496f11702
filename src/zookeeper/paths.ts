import { MeshError } from '../core/errors.ts';

const NAME_BYTES = 255; // ours; ZooKeeper itself has no limit but that of a message

/**
 * Checks one name in the tree, such as that of an instance: no slash, no `.` or `..`, nothing that ZooKeeper refuses
 * or that a terminal would obey.
 */
export function isNodeName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    Buffer.byteLength(name) <= NAME_BYTES &&
    // Control characters, surrogates and the private and special areas are refused by ZooKeeper's PathUtils.
    !/[/\p{Cc}\p{Cs}\ue000-\uf8ff\ufff0-\uffff\u{10000}-\u{10ffff}]/u.test(name)
  );
}

/** Checks a path: absolute, every name in it fit, no slash at its end. @throws MeshError INVALID_ARGUMENT */
export function checkPath(path: string, what: string): void {
  const names = path.split('/');
  if (names[0] === '' && names.length > 1 && names.slice(1).every(isNodeName)) return;
  throw new MeshError('request', `${what} must be a path such as '/services', got '${printable(path)}'`);
}

/** The path of what contains `path`; `/` for what is at the top. */
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** The last name of a path. */
export const nameIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const printable = (text: string): string => text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
