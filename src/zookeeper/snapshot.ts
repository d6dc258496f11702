import { accessSync, closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Timer } from '../core/clock.ts';
import { type Endpoint, endpoint } from '../core/endpoint.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';

const VERSION = 1;
const WRITE_MS = 1_000; // changes come in flocks
const LARGEST = 64 * 1024 * 1024;
const KEEP_MS = 30 * 24 * 3_600_000; // of a service that nobody here asks for any more
const OTHERS_MAY_WRITE = 0o022;

/** What was last known of a service. */
interface Remembered {
  readonly endpoints: readonly Endpoint[];
  /** When it was last known to hold, in milliseconds since 1970 began; undefined for what this process was told itself. */
  readonly at: number | undefined;
}

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
  #writing: Promise<void> = Promise.resolve();
  #problem = '';

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
      for (const [service, remembered] of read(path, registry)) this.#services.set(service, remembered);
    } catch (error) {
      this.#tell((error as Error).message);
    }
  }

  /** What was last known of a service, and how long ago; undefined when nothing is. */
  of(service: string): { readonly endpoints: readonly Endpoint[]; readonly ageMs: number } | undefined {
    const remembered = this.#services.get(service);
    if (remembered === undefined) return undefined;
    const now = this.#env.clock.epoch();
    return { endpoints: remembered.endpoints, ageMs: Math.max(0, now - (remembered.at ?? now)) }; // a calendar may jump
  }

  /** Notes what is known of a service now. */
  note(service: string, endpoints: readonly Endpoint[]): void {
    if (endpoints.length === 0) this.#services.delete(service);
    else this.#services.set(service, { endpoints, at: undefined });
    if (this.#timer !== undefined) return;
    this.#timer = this.#env.clock.schedule(WRITE_MS, () => this.#write());
    this.#timer.hold(false);
  }

  /** Writes what is noted and not yet written. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) {
      this.#timer.cancel();
      this.#write();
    }
    await this.#writing;
  }

  #write(): void {
    this.#timer = undefined;
    const at = this.#env.clock.epoch();
    const kept = [...this.#services].filter(([, remembered]) => at - (remembered.at ?? at) < KEEP_MS);
    const services = Object.fromEntries(kept.map(([service, { endpoints }]) => [service, endpoints.map(toJson)]));
    const older = kept.filter(([, remembered]) => remembered.at !== undefined);
    const seen = Object.fromEntries(older.map(([service, remembered]) => [service, remembered.at]));
    const text = JSON.stringify({ version: VERSION, registry: this.#registry, at, seen, services });
    this.#writing = this.#writing.then(() => this.#replace(text)).catch((error) => this.#tell(String(error.code)));
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

  #tell(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    const at = this.#env.clock.epoch();
    this.#env.events.emit({ type: 'record', at, service: '', id: this.#path, problem: `the snapshot: ${problem}` });
  }
}

const toJson = ({ id, url, weight, zone, metadata }: Endpoint): object => ({ id, url, weight, zone, metadata });

/** @throws Error that says why it is not believed; a file that is not there yet is simply empty. */
function read(path: string, registry: string): Map<string, Remembered> {
  const text = textOf(path);
  if (text === undefined) return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  const { version, registry: of, at, seen, services } = (value ?? {}) as Record<string, unknown>;
  if (version !== VERSION) throw new Error(`it is not of version ${VERSION}`);
  if (of !== registry) throw new Error('it is of another registry');
  if (typeof at !== 'number') throw new Error('it does not say when it was written');
  if (typeof services !== 'object' || services === null) throw new Error('it has no services');
  const older = new Map(Object.entries((seen ?? {}) as Record<string, unknown>));
  return new Map(
    Object.entries(services).map(([service, all]) => {
      const since = older.get(service);
      return [service, { endpoints: endpointsOf(all), at: typeof since === 'number' ? since : at }];
    }),
  );
}

/** What the file says, once it is known whose it is; undefined while there is none. */
function textOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would keep us waiting
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') return undefined;
    throw new Error(`it can not be read: ${code}`);
  }
  try {
    const stats = fstatSync(file); // of the very file that is read, whatever stands there a moment later
    if (!stats.isFile() || stats.size > LARGEST) throw new Error('it is not a file of a sensible size');
    if ((stats.mode & OTHERS_MAY_WRITE) !== 0) throw new Error('others may write it');
    const mine = process.getuid?.();
    if (mine !== undefined && stats.uid !== mine) throw new Error('it belongs to somebody else');
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function endpointsOf(all: unknown): readonly Endpoint[] {
  if (!Array.isArray(all)) throw new Error('a service in it is not a list');
  return all.map((one: Record<string, unknown> | null) => {
    const { id, url, weight, zone, metadata } = one ?? {};
    const fine =
      typeof id === 'string' &&
      typeof url === 'string' &&
      typeof weight === 'number' &&
      typeof zone === 'string' &&
      typeof metadata === 'object' &&
      metadata !== null &&
      Object.values(metadata).every((text) => typeof text === 'string');
    if (!fine) throw new Error('an endpoint in it is not one');
    return endpoint(url, { id, weight, zone, metadata: Object.freeze({ ...(metadata as Record<string, string>) }) });
  });
}
