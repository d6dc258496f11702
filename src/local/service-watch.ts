import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timer } from '../core/clock.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Cancel } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';
import { LastGood } from '../discovery/last-good.ts';
import type { Resolving } from '../discovery/registry.ts';
import { type Unreadable, UnreadableRecords } from '../discovery/unreadable.ts';
import { FolderWatch } from './folder-watch.ts';
import { folderIn, type Ground } from './ground.ts';
import { KnownRecord } from './known-record.ts';
import { SILENT_MS } from './owner.ts';
import { idIn, isTemporary } from './record-files.ts';

const SOON_MS = 10; // changes come in flocks: look once for all of them
const LOOK_MS = 500; // also without a change: a process that died says nothing
const OFTEN_MS = 80; // where the system does not tell of changes
const AT_ONCE = 32; // files in hand
const LITTER_MS = 60_000;

/** Keeps looking into the folder of one service. */
export class ServiceWatch implements Resolving {
  readonly #ground: Ground;
  readonly #service: string;
  readonly #folder: string;
  readonly #folderWatch: FolderWatch;
  readonly #last: LastGood;
  readonly #unreadable = new UnreadableRecords();
  #known = new Map<string, KnownRecord>();
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #soon = false;
  #crowded = false;
  #closed = false;
  #lookedAt: number;
  #seenAt: number | undefined; // when there was last a folder

  readonly #ended: () => void;

  constructor(ground: Ground, service: string, ended: () => void) {
    const { clock } = ground.env;
    this.#ground = ground;
    this.#service = service;
    this.#ended = ended;
    this.#folder = folderIn(ground, service);
    this.#folderWatch = new FolderWatch(this.#folder, ground.watch, (fileName) => {
      if (fileName === null || idIn(fileName) !== undefined || fileName === service) this.wake();
    });
    this.#last = new LastGood();
    this.#lookedAt = clock.now();
    this.#start();
  }

  get value(): Resolution {
    return this.#last.value;
  }

  get unreadable(): Unreadable {
    return this.#unreadable.now;
  }

  watch(watcher: (value: Resolution) => void): Cancel {
    return this.#last.watch(watcher);
  }

  /** Something may have changed. */
  wake(): void {
    if (this.#looking !== undefined) this.#again = true;
    else if (!this.#soon) this.#sleep(SOON_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#folderWatch.close();
    this.#last.close();
    await this.#looking; // whoever closes the registry meanwhile waits for it too
    this.#ended();
  }

  #start(): void {
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
      const { rootWatch } = this.#ground;
      const told = this.#folderWatch.on || (this.#seenAt === undefined && rootWatch.on);
      this.#sleep(this.#again ? SOON_MS : told ? LOOK_MS : OFTEN_MS);
      this.#again = false;
    });
  }

  #sleep(ms: number): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    this.#soon = ms === SOON_MS;
    this.#timer = this.#ground.env.clock.schedule(ms, () => this.#start());
    this.#timer.hold(false);
  }

  async #look(): Promise<void> {
    const { clock } = this.#ground.env;
    const now = clock.now(); // silence is judged as of now: should we stand still from here on, nobody is to blame
    const overslept = now - this.#lookedAt - 2 * LOOK_MS;
    if (overslept > 0) this.#excuse(overslept);
    this.#lookedAt = now;
    try {
      await ((await this.#folderWatch.refresh()) ? this.#readAll() : this.#miss());
    } catch (error) {
      this.#last.fail(error);
    }
  }

  #excuse(overslept: number): void {
    for (const record of this.#known.values()) record.excuse(overslept);
    if (this.#seenAt !== undefined) this.#seenAt += overslept;
  }

  async #readAll(): Promise<void> {
    this.#seenAt = this.#ground.env.clock.now();
    const { records, temporaries } = await this.#list();
    const known = new Map<string, KnownRecord>();
    for (const fileName of records) {
      const before = this.#known.get(fileName);
      known.set(fileName, before ?? new KnownRecord(this.#ground, this.#service, fileName, this.#unreadable));
    }
    for (const [fileName, record] of this.#known) if (!known.has(fileName)) record.gone();
    this.#known = known;
    const all = [...known.values()];
    await inTurn(all, (record) => record.look());
    if (this.#closed) return;
    const [endpoints, litter]: [Endpoint[], KnownRecord[]] = [[], []];
    for (const record of all) {
      if (record.isHere(this.#lookedAt)) endpoints.push(record.endpoint!);
      else litter.push(record);
    }
    this.#last.list(endpoints);
    await inTurn(litter, (record) => record.sweep(this.#lookedAt).catch(() => {})); // another may do it
    await inTurn(temporaries, (fileName) => this.#sweepTemporary(join(this.#folder, fileName)).catch(() => {}));
  }

  async #list(): Promise<{ records: readonly string[]; temporaries: readonly string[] }> {
    const fileNames = (await readdir(this.#folder)).sort();
    const records = fileNames.filter((fileName) => idIn(fileName) !== undefined);
    this.#tellOfCrowd(records.length);
    return { records: records.slice(0, this.#ground.mostFiles), temporaries: fileNames.filter(isTemporary) };
  }

  #tellOfCrowd(count: number): void {
    const { mostFiles, env } = this.#ground;
    const { clock, events } = env;
    const crowded = count > mostFiles;
    if (crowded && !this.#crowded) {
      const problem = `there are ${count} records; only the first ${mostFiles} are read`;
      events.emit({ type: 'record', at: clock.epoch(), service: this.#service, id: '', problem });
    }
    this.#crowded = crowded;
  }

  /** A folder that is not there yet is nobody's. One that was is an accident, until its people had time to come back. */
  async #miss(): Promise<void> {
    const { env, rootWatch } = this.#ground;
    if (this.#seenAt !== undefined && env.clock.now() - this.#seenAt < SILENT_MS) {
      return this.#last.fail(new Error(`${this.#folder} is gone`));
    }
    await rootWatch.refresh();
    if (await this.#folderWatch.refresh()) return this.#readAll(); // it came before that watch did
    for (const record of this.#known.values()) record.gone();
    this.#known.clear();
    this.#seenAt = undefined;
    this.#last.absent();
  }

  /** Left by a process that died while it wrote. */
  async #sweepTemporary(path: string): Promise<void> {
    const { mtimeMs } = await lstat(path);
    if (this.#ground.env.clock.epoch() - mtimeMs > LITTER_MS) await unlink(path);
  }
}

/** Does the same for all, a few at a time. */
async function inTurn<T>(all: readonly T[], task: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const worker = async () => {
    for (const one of left) await task(one);
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
  for (const done of workers) if (done.status === 'rejected') throw done.reason;
}
