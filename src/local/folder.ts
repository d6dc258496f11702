import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MeshError } from '../core/errors.ts';

const OTHERS_MAY_WRITE = 0o022;
const MINE_ALONE = 0o700;

/**
 * The folder that a registry URL means: `local:` is one per user, under the folder for temporary files;
 * `local:///a/folder` is that folder.
 * @throws MeshError INVALID_ARGUMENT when it is neither.
 */
export function folderOf(url: string): string {
  if (url === 'local:') return join(tmpdir(), `inmesh-${process.getuid?.() ?? userInfo().username}`);
  const parsed = URL.parse(url);
  const plain = parsed?.protocol === 'local:' && parsed.host === '' && parsed.search === '' && parsed.hash === '';
  if (plain && url.startsWith('local:///') && parsed.pathname.length > 1) {
    try {
      const folder = fileURLToPath(`file://${parsed.pathname}`);
      if (isAbsolute(folder) && !folder.includes('\0')) return resolve(folder);
    } catch {
      // Such as an encoded slash: told below.
    }
  }
  throw new MeshError('request', `registry: must be 'local:' or 'local:///a/folder', got '${url.slice(0, 200)}'`);
}

/**
 * Makes the folder where it is not there yet, for this user alone. Who can write in it decides where calls go, so one
 * that others could write in is refused.
 * @throws MeshError UNAVAILABLE when it can not be used, with what is wrong with it.
 */
export function openFolder(folder: string): void {
  let stats: Stats;
  try {
    mkdirSync(folder, { recursive: true, mode: MINE_ALONE });
    stats = lstatSync(folder);
  } catch (error) {
    throw new MeshError('registry', `registry: ${folder} can not be opened: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const problem = problemOf(stats);
  if (problem !== undefined) throw new MeshError('registry', `registry: ${folder} ${problem}`);
}

function problemOf(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symbolic link; a registry must be a folder of its own';
  if (!stats.isDirectory()) return 'is not a folder';
  const me = process.getuid?.();
  if (me === undefined) return undefined; // Windows: the folder of a user's temporary files is the user's alone
  if (stats.uid !== me) return `belongs to user ${stats.uid}, and this process is user ${me}`;
  if ((stats.mode & OTHERS_MAY_WRITE) === 0) return undefined;
  return `can be written in by others (mode ${(stats.mode & 0o777).toString(8)})`;
}
