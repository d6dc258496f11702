import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { codeOf } from './record-files.ts';

/** Hears what happens in a folder. `changed` is told the name of a file that came, went or was replaced. */
export type WatchFolder = (
  folder: string,
  changed: (fileName: string | null) => void,
  failed: () => void,
) => { close(): void };

/** The watch of the system. It keeps no process alive. */
export const watchFolder: WatchFolder = (folder, changed, failed) => {
  const watcher = watch(folder, { persistent: false }, (event, fileName) => {
    if (event === 'rename') changed(fileName); // the other one is 'change', and every beat of every record is one
  });
  watcher.on('error', failed);
  return watcher;
};

/** Watches the folder of a name, whichever that is: it may be missing, and be made anew. */
export class FolderWatch {
  readonly #folder: string;
  readonly #watch: WatchFolder;
  readonly #changed: (fileName: string | null) => void;
  #watcher: { close(): void } | undefined;
  #watched = ''; // which folder it is
  #closed = false;

  constructor(folder: string, watch: WatchFolder, changed: (fileName: string | null) => void) {
    this.#folder = folder;
    this.#watch = watch;
    this.#changed = changed;
  }

  /** Whether changes are heard of; not where the system has no watch to spare. */
  get on(): boolean {
    return this.#watcher !== undefined;
  }

  /** Watches the folder that is there now; whether there is one. @throws what the system says when it can not be told. */
  async refresh(): Promise<boolean> {
    let identity: string;
    try {
      const { dev, ino, birthtimeMs } = await stat(this.#folder);
      identity = `${dev} ${ino} ${birthtimeMs}`;
    } catch (error) {
      this.#end();
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
    if (this.#watcher === undefined || identity !== this.#watched) this.#begin(identity);
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #begin(identity: string): void {
    this.#end();
    if (this.#closed) return; // meanwhile
    this.#watched = identity;
    try {
      this.#watcher = this.#watch(this.#folder, this.#changed, () => this.#end());
    } catch {
      // EMFILE, ENOSPC, or no such thing here: whoever needs to know looks more often instead.
    }
  }

  #end(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
