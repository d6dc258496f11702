import { accessSync, constants } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Timer } from '../core/clock.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { type Remembered, readSnapshot, snapshotText } from './snapshot-file.ts';

const WRITE_MS = 1_000; // changes come in flocks
const AGAIN_MS = 240_000; // what still holds must not look old to the next process
const RETRY_MS = 30_000;

/**
 * What was last known of every service, in a file, for a start without the registry. Opt-in, since it is as good as its
 * age. Whoever can write it decides where calls go, so one that others could write is not believed.
 */
export class Snapshot {
  readonly #path: string;
  readonly #registry: string;
  readonly #env: Env;
  readonly #services = new Map<string, Remembered>();
  #timer: Timer | undefined;
  #due = false; // whether something is noted that is not written
  #heldUntil: number | undefined; // when what this process was told last held; undefined while it does
  #writing: Promise<void> | undefined;
  #unwritten = false; // since the last write began
  #problem = '';
  #closed = false;

  /** @throws MeshError INVALID_ARGUMENT when the file could never be written there. */
  constructor(path: string, registry: string, env: Env) {
    this.#path = path;
    this.#registry = registry;
    this.#env = env;
    try {
      accessSync(dirname(path), constants.W_OK);
    } catch (cause) {
      const { code } = cause as { code?: string };
      throw new MeshError('request', `registry: snapshot '${path.slice(0, 200)}' can not be written: ${code}`);
    }
    try {
      for (const [service, remembered] of readSnapshot(path, registry)) this.#services.set(service, remembered);
    } catch (error) {
      this.#tell((error as Error).message);
    }
  }

  /** What was last known of a service, and how long ago; undefined when nothing is. */
  of(service: string): (Omit<Remembered, 'at'> & { readonly ageMs: number }) | undefined {
    const remembered = this.#services.get(service);
    if (remembered === undefined) return undefined;
    const { endpoints, folder, at = this.#holdsAt } = remembered;
    return { endpoints, folder, ageMs: Math.max(0, this.#env.clock.epoch() - at) }; // a calendar may jump
  }

  /** Notes what is known of a service now. */
  note(service: string, endpoints: readonly Endpoint[], folder?: string): void {
    if (endpoints.length === 0) this.#services.delete(service);
    else this.#services.set(service, { endpoints, folder, at: undefined });
    if (this.#due) return;
    this.#due = true;
    this.#later(WRITE_MS);
  }

  /** Says whether what is noted holds: while the registry can not be asked, it grows old. */
  holds(on: boolean): void {
    if (on) this.#heldUntil = undefined;
    else this.#heldUntil ??= this.#env.clock.epoch();
  }

  /** Settles when nothing is being written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Writes what is noted, and until when it held. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== undefined) this.#write();
    this.#timer?.cancel();
    await this.#writing;
  }

  get #holdsAt(): number {
    return this.#heldUntil ?? this.#env.clock.epoch();
  }

  #later(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#env.clock.schedule(ms, () => this.#write());
    this.#timer.hold(false);
  }

  #write(): void {
    this.#due = false;
    this.#later(AGAIN_MS);
    this.#unwritten = true;
    this.#writing ??= this.#writeAll();
  }

  /** One write at a time: where the disk stands still, what is noted meanwhile is written when it goes on. */
  async #writeAll(): Promise<void> {
    while (this.#unwritten) {
      this.#unwritten = false;
      await this.#replace(snapshotText(this.#registry, this.#holdsAt, this.#services)).catch((error) =>
        this.#failed(error),
      );
    }
    this.#writing = undefined;
  }

  /** In one step: whoever reads finds the old file or the new one. */
  async #replace(text: string): Promise<void> {
    const draft = `${this.#path}.${process.pid}-${this.#env.random.next().toString(36).slice(2, 10)}.tmp`;
    try {
      await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
      await rename(draft, this.#path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
    this.#problem = '';
  }

  #failed(error: { code?: unknown }): void {
    this.#tell(String(error.code));
    if (!this.#closed && !this.#due) this.#later(RETRY_MS);
  }

  #tell(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    const at = this.#env.clock.epoch();
    this.#env.events.emit({ type: 'record', at, service: '', id: this.#path, problem: `the snapshot: ${problem}` });
  }
}
