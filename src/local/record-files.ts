import { constants } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  rename,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Env } from '../core/env.ts';
import { LONGEST_RECORD, RecordProblem } from '../wire/record.ts';
import { openFolder } from './folder.ts';
import { drawToken } from './owner.ts';

/** A file as it was read. */
export interface RecordFile {
  readonly text: string;
  /** Its last beat: milliseconds since 1970 began. */
  readonly beatAt: number;
}

const ENDING = '.json';
const TEMPORARY = /^\..+\.tmp$/;

/** The file of an instance. Ids have no other character that some file system might mind. */
export const fileNameOf = (id: string): string => `${id.replaceAll(':', '%3A')}${ENDING}`;

/** The id that a file's name says; undefined when it is no record's name. */
export const idIn = (fileName: string): string | undefined =>
  fileName.endsWith(ENDING) && !fileName.startsWith('.')
    ? fileName.slice(0, -ENDING.length).replaceAll(/%3A/gi, ':')
    : undefined;

/** Whether it is a file on its way to be a record, or from being one. */
export const isTemporary = (fileName: string): boolean => TEMPORARY.test(fileName);

/** Reads and writes records so that nobody ever sees half of one, and nobody's is taken for another's. */
export class RecordFiles {
  readonly #root: string;
  readonly #env: Env;

  constructor(root: string, env: Env) {
    this.#root = root;
    this.#env = env;
  }

  /** Writes a file that must not be there yet; whether it was not. Makes the folder where it is missing. */
  async create(path: string, text: string): Promise<boolean> {
    return this.#written(path, text, (temporary) => linkTo(temporary, path));
  }

  /** Writes a file over the one that is there, in one step. */
  async replace(path: string, text: string): Promise<void> {
    await this.#written(path, text, async (temporary) => {
      await rename(temporary, path);
      return true;
    });
  }

  /** Says that the keeper of the record is still there. */
  async beat(path: string): Promise<void> {
    const seconds = this.#env.clock.epoch() / 1_000;
    await utimes(path, seconds, seconds);
  }

  /**
   * Removes the file if it still says `text`; whether it did. Between a look and a removal another may have come in its
   * place, so it is moved aside first, looked at, and put back when it is another's.
   */
  async remove(path: string, text: string): Promise<boolean> {
    const aside = this.#temporary(path);
    try {
      await rename(path, aside);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
    const same = await readRecordFile(aside).then(
      (file) => file?.text === text,
      () => false,
    );
    if (!same) await linkTo(aside, path).catch(() => false); // where a third has come meanwhile, it was there last
    await unlink(aside).catch(() => {});
    return same;
  }

  async #written(path: string, text: string, place: (temporary: string) => Promise<boolean>): Promise<boolean> {
    const temporary = this.#temporary(path);
    try {
      await this.#write(temporary, text);
      await this.beat(temporary);
      return await place(temporary);
    } finally {
      await unlink(temporary).catch(() => {}); // a rename has taken it away already
    }
  }

  async #write(path: string, text: string): Promise<void> {
    const options = { mode: 0o600, flag: 'wx' };
    try {
      await writeFile(path, text, options);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      openFolder(this.#root); // it may be new, and must be safe
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, text, options);
    }
  }

  #temporary(path: string): string {
    return join(dirname(path), `.${process.pid}-${drawToken(this.#env.random)}.tmp`);
  }
}

/** Gives a file a second name, unless that is taken; whether it was not. */
async function linkTo(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
    return copyTo(from, to); // a file system without hard links
  }
  return true;
}

async function copyTo(from: string, to: string): Promise<boolean> {
  try {
    const { mtime } = await lstat(from);
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await utimes(to, mtime, mtime);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

const CAREFULLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0); // a pipe must not hang us

/** What of a file is the file's own fault; anything else is the registry's trouble. */
const FAULTS: Readonly<Record<string, string>> = {
  ELOOP: 'it is a symbolic link',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  ENXIO: 'it is not a file',
  EISDIR: 'it is not a file',
};

/**
 * Reads a file that may be anything; undefined when there is none.
 * @throws RecordProblem when it is no record's file; else the error of the system.
 */
export async function readRecordFile(path: string): Promise<RecordFile | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, CAREFULLY);
    const stats = await file.stat();
    if (!stats.isFile()) throw new RecordProblem('it is not a file');
    if (stats.size > LONGEST_RECORD) throw new RecordProblem(`it is longer than ${LONGEST_RECORD} bytes`);
    return { text: await file.readFile('utf8'), beatAt: stats.mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const fault = FAULTS[codeOf(error)];
    throw fault === undefined ? error : new RecordProblem(fault);
  } finally {
    await file?.close();
  }
}

/** The system's name for an error; empty when it has none. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? '';
