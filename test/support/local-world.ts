import { glob, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Env } from '../../src/core/env.ts';
import { Events } from '../../src/core/events.ts';
import { entropy } from '../../src/core/random.ts';
import { Timeouts } from '../../src/core/timeouts.ts';
import { recordOf } from '../../src/discovery/record.ts';
import type { Instance, Registry } from '../../src/discovery/registry.ts';
import { type WatchFolder, watchFolder } from '../../src/local/folder-watch.ts';
import { codeOf } from '../../src/local/record-files.ts';
import { localRegistry } from '../../src/local/registry.ts';
import { encodeRecord } from '../../src/wire/record.ts';
import type { RegistryWorld } from '../laws/world.ts';
import { CountingClock } from './counting-clock.ts';

const ANEW = ['EISDIR', 'ENOTEMPTY', 'EEXIST']; // what stands in the way is a folder

/** A folder of its own, clients whose timers and watches are counted, and files put there by hand. */
export class LocalWorld implements RegistryWorld {
  readonly clock = new CountingClock();
  readonly env: Env = {
    clock: this.clock,
    random: entropy(),
    events: new Events(),
    timeouts: new Timeouts(this.clock),
  };
  readonly folder: string;
  readonly #own = new Set<string>();
  #temporary = 0;
  #watchers = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<LocalWorld> {
    return new LocalWorld(join(await mkdtemp(join(tmpdir(), 'inmesh-test-')), 'mesh'));
  }

  async open(): Promise<Registry> {
    return localRegistry(`local://${this.folder}`, this.env, { watch: this.#watch });
  }

  /** Nobody beats for a file that was put there by hand, so it says that it is to stay. */
  async list(instance: Instance): Promise<void> {
    await this.put(instance.service, instance.id, encodeRecord({ ...recordOf(instance, 0), serviceType: 'STATIC' }));
  }

  async unlist(service: string, id: string): Promise<void> {
    await rm(this.pathOf(service, id));
  }

  async corrupt(service: string, id: string): Promise<void> {
    await this.put(service, id, '{"name":"orders","id":"x","addr');
  }

  /** A folder that has become a file can neither be read nor written in, not even by root. */
  async away(): Promise<void> {
    await rename(this.folder, `${this.folder}.aside`);
    await this.#instead(() => writeFile(this.folder, ''));
  }

  async back(): Promise<void> {
    await this.#instead(() => rename(`${this.folder}.aside`, this.folder));
  }

  /** Puts something in the place of the folder. Who is listed makes it anew with a beat, should one come in between. */
  async #instead(put: () => Promise<void>): Promise<void> {
    for (let isPut = false; !isPut; ) {
      await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
      isPut = await put().then(
        () => true,
        (error: unknown) => {
          if (!ANEW.includes(codeOf(error))) throw error;
          return false;
        },
      );
    }
  }

  /** Writes a record file in one step. */
  async put(service: string, id: string, text: string): Promise<void> {
    const path = this.pathOf(service, id);
    await mkdir(join(this.folder, service), { recursive: true, mode: 0o700 });
    this.#own.add(path);
    const temporary = join(this.folder, service, `by-hand-${this.#temporary++}`);
    await writeFile(temporary, text);
    await rename(temporary, path);
  }

  pathOf(service: string, id: string): string {
    return join(this.folder, service, `${id}.json`);
  }

  async leftovers(): Promise<readonly string[]> {
    const there = await Array.fromAsync(glob(['*/*', '*/.*'], { cwd: this.folder }));
    return [
      ...there.filter((file) => !this.#own.has(join(this.folder, file))),
      ...(this.clock.pending > 0 ? [`${this.clock.pending} timers`] : []),
      ...(this.#watchers > 0 ? [`${this.#watchers} watchers`] : []),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.folder, '..'), { recursive: true, force: true });
  }

  readonly #watch: WatchFolder = (folder, changed, failed) => {
    const watcher = watchFolder(folder, changed, failed);
    this.#watchers++;
    return {
      close: () => {
        watcher.close();
        this.#watchers--;
      },
    };
  };
}
