import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MeshEvent } from '../../src/core/events.ts';
import { seeded } from '../../src/core/random.ts';
import { recordOf } from '../../src/discovery/record.ts';
import type { Instance, Registry } from '../../src/discovery/registry.ts';
import type { WatchFolder } from '../../src/local/folder-watch.ts';
import type { Machine } from '../../src/local/machine.ts';
import { type Owner, ownerTexts } from '../../src/local/owner.ts';
import { localRegistry } from '../../src/local/registry.ts';
import { testEnv } from '../../src/testing/env.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { encodeRecord, type NewRecord } from '../../src/wire/record.ts';
import { filesAtRest } from './file-work.ts';

/** A real folder in a world where time stands still and processes live as long as the test says. */
export class StillFolder implements AsyncDisposable {
  readonly clock = new VirtualClock();
  /** Every event that a client told. */
  readonly told: MeshEvent[] = [];
  /** Process ids that live. */
  readonly living = new Set<number>();
  readonly folder: string;
  #clients = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<StillFolder> {
    return new StillFolder(join(await mkdtemp(join(tmpdir(), 'inmesh-test-')), 'mesh'));
  }

  /** A client in a process of its own, on this machine unless told. Hears of changes only if it gets a `watch`. */
  open({ machine = 'here', pid = ++this.#clients, watch = deaf, mostFiles = 100 }: OpenOptions = {}): Registry {
    const env = testEnv({ clock: this.clock, random: seeded(++this.#clients) });
    env.events.on((event) => this.told.push(event));
    this.living.add(pid);
    const lives = (other: number): boolean => this.living.has(other);
    return localRegistry(`local://${this.folder}`, env, {
      machine: this.machine(machine, pid, lives),
      watch,
      mostFiles,
    });
  }

  machine(id: string, pid: number, lives: (pid: number) => boolean): Machine {
    return { id, pid, start: 's', lives };
  }

  /** Puts a record there as a process would that beats once, and then is never heard of again. */
  async leave(instance: Instance, owner?: Partial<Owner>, more: Partial<NewRecord> = {}): Promise<string> {
    const texts = owner && ownerTexts({ token: 't', machine: 'elsewhere', pid: 1, start: 's', ...owner });
    const path = await this.write(instance.id, encodeRecord({ ...recordOf(instance, 0, texts), ...more }));
    await this.beat(path);
    return path;
  }

  /** Writes a file of the service `orders`. */
  async write(id: string, data: string | Uint8Array): Promise<string> {
    await mkdir(join(this.folder, 'orders'), { recursive: true, mode: 0o700 });
    await writeFile(this.pathOf(id), data);
    return this.pathOf(id);
  }

  pathOf(id: string): string {
    return join(this.folder, 'orders', `${id}.json`);
  }

  async beat(path: string): Promise<void> {
    await utimes(path, this.clock.epoch() / 1_000, this.clock.epoch() / 1_000);
  }

  /** Lets time pass, a little at a time, and all that is done with files come to its end in between. */
  async pass(ms: number, stepMs = 50): Promise<void> {
    await filesAtRest();
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advance(Math.min(stepMs, ms - passed));
      await filesAtRest();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.folder, '..'), { recursive: true, force: true });
  }
}

interface OpenOptions {
  readonly machine?: string;
  readonly pid?: number;
  readonly watch?: WatchFolder;
  readonly mostFiles?: number;
}

/** A system that has no watch to spare. */
const deaf: WatchFolder = () => {
  throw Object.assign(new Error('no space left on device, watch'), { code: 'ENOSPC' });
};
