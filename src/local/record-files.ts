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
import { basename, dirname, join } from 'node:path';
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
const TEMPORARY = /^\..+\.(?:tmp|lock)$/;
const LOCK_MS = 5_000; // it is held for a few milliseconds; who holds it longer is dead

/** The file of an instance. Ids have no other character that some file system might mind. */
export const fileNameOf = (id: string): string => `${id.replaceAll(':', '%3A')}${ENDING}`;

/** The id that a file's name says; undefined when it is no record's name. */
export const idIn = (fileName: string): string | undefined =>
  fileName.endsWith(ENDING) && !fileName.startsWith('.')
    ? fileName.slice(0, -ENDING.length).replaceAll(/%3A/gi, ':')
    : undefined;

/** Whether it is a file on its way to be a record, or from being one. */
export const isTemporary = (fileName: string): boolean => TEMPORARY.test(fileName);

const EXCLUSIVELY = { mode: 0o600, flag: 'wx' };

/** What came of an attempt: another says something else there by now, or somebody is at it at this moment. */
export type Changed = 'done' | 'other' | 'busy';

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

  /** Writes a file over one that still says `before`, in one step. */
  replace(path: string, before: string, text: string): Promise<Changed> {
    return this.#alone(path, before, async () => {
      await this.#written(path, text, async (temporary) => {
        await rename(temporary, path);
        return true;
      });
    });
  }

  /** Removes a file that still says `before`. */
  remove(path: string, before: string): Promise<Changed> {
    return this.#alone(path, before, () => unlink(path));
  }

  /** Says that the keeper of the record is still there. */
  async beat(path: string): Promise<void> {
    const seconds = this.#env.clock.epoch() / 1_000;
    await utimes(path, seconds, seconds);
  }

  /**
   * Nobody but the keeper of a lock takes a record out of its place, so that between a look at it and its end nobody
   * else can have come: three who come for one place would otherwise throw each other out.
   */
  async #alone(path: string, before: string, task: () => Promise<void>): Promise<Changed> {
    const lock = join(dirname(path), `.${basename(path)}.lock`);
    if (!(await this.#lock(lock))) return 'busy';
    try {
      const there = await readRecordFile(path);
      if (there?.text !== before) return 'other';
      await task();
      return 'done';
    } finally {
      await unlink(lock).catch(() => {});
    }
  }

  async #lock(lock: string): Promise<boolean> {
    try {
      await writeFile(lock, '', EXCLUSIVELY);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      const held = await lstat(lock).catch(() => undefined);
      if (held !== undefined && this.#env.clock.epoch() - held.mtimeMs > LOCK_MS) await unlink(lock).catch(() => {});
      return false;
    }
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
    try {
      await writeFile(path, text, EXCLUSIVELY);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      openFolder(this.#root); // it may be new, and must be safe
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, text, EXCLUSIVELY);
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
