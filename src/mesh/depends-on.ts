import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Cancel, Live } from '../core/live.ts';
import { messageOf } from '../core/message-of.ts';
import type { Resolution } from '../core/resolution.ts';
import { parseDuration } from '../policy/duration.ts';
import { show } from '../policy/read.ts';

/** How much a service is needed. */
export interface DependencyOptions {
  /** Whether the start fails without it, which it does unless told otherwise; or only an event tells of it. */
  readonly required?: boolean | undefined;
  /** How many endpoints that take calls there must be; 1 unless told. */
  readonly minEndpoints?: number | undefined;
  /** How long to wait for them: `'10s'` unless told. */
  readonly within?: string | undefined;
}

/** Who needs whom: for messages. */
export interface Parties {
  readonly dependent: string;
  readonly service: string;
  /** The name of the registry. */
  readonly registry: string;
}

interface Need {
  readonly required: boolean;
  readonly minEndpoints: number;
  readonly withinMs: number;
  readonly within: string;
}

/** Watches over a service that is needed: waits for it at the start, and tells from then on when it comes and goes. */
export class Dependency {
  readonly #parties: Parties;
  readonly #need: Need;
  readonly #env: Env;
  readonly #resolution: Live<Resolution>;
  readonly #cancel: Cancel;
  #connected: boolean | undefined;
  #waiting: (() => void) | undefined;
  #closed = false;

  /** @throws MeshError INVALID_ARGUMENT when an option is not as it must be. */
  constructor(parties: Parties, options: DependencyOptions, resolution: Live<Resolution>, env: Env) {
    this.#parties = parties;
    this.#need = readNeed(options);
    this.#env = env;
    this.#resolution = resolution;
    this.#cancel = resolution.watch((now) => this.#look(now));
  }

  /**
   * Settles once there are enough endpoints, with true; or when the time is up: then with false where the service is not
   * required. @throws MeshError UNAVAILABLE where it is.
   */
  async ready(): Promise<boolean> {
    const { required, withinMs } = this.#need;
    if (!this.#connected) await this.#wait(withinMs);
    if (this.#connected) return true;
    if (this.#closed) throw new MeshError('closed', `${this.#parties.dependent}: the mesh is closed`);
    const missing = this.#missing();
    if (this.#connected === undefined) this.#tell(false, missing.message);
    if (required) throw missing;
    return false;
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#waiting?.();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#env.clock.schedule(ms, () => this.#waiting?.());
      this.#waiting = () => {
        this.#waiting = undefined;
        timer.cancel();
        resolve();
      };
    });
  }

  #look(resolution: Resolution): void {
    const connected = callable(resolution) >= this.#need.minEndpoints;
    if (connected === (this.#connected ?? false)) return; // that it is not there yet is no news until the time is up
    this.#tell(connected, connected ? '' : this.#missing(resolution).message);
    if (connected) this.#waiting?.();
  }

  #tell(connected: boolean, problem: string): void {
    this.#connected = connected;
    const { clock, events } = this.#env;
    const { required, minEndpoints } = this.#need;
    const endpoints = callable(this.#resolution.value);
    const { service } = this.#parties;
    const at = clock.epoch();
    events.emit({ at, service, type: 'dependency', connected, endpoints, needed: minEndpoints, required, problem });
  }

  #missing(resolution = this.#resolution.value): MeshError {
    const { dependent, service, registry } = this.#parties;
    const { minEndpoints, within } = this.#need;
    const there = `${callable(resolution)} of ${minEndpoints} endpoints`;
    const waited = this.#connected === undefined ? ` within ${within}` : '';
    const message = `${dependent} depends on ${service}: ${there}${waited}; ${registry} ${saying(resolution)}`;
    return new MeshError(resolution.is === 'pending' ? 'unresolved' : 'no-endpoints', message, {
      service,
      cause: 'error' in resolution ? resolution.error : undefined,
    });
  }
}

/** Endpoints that take calls. */
const callable = (resolution: Resolution): number =>
  'endpoints' in resolution ? resolution.endpoints.filter(({ weight }) => weight > 0).length : 0;

/** What a registry says of a service. */
function saying(resolution: Resolution): string {
  switch (resolution.is) {
    case 'pending':
      return `has not answered${resolution.error === undefined ? '' : `: ${messageOf(resolution.error)}`}`;
    case 'unknown':
      return 'has never heard of it';
    case 'stale':
      return `is away (${messageOf(resolution.error)}), and last listed ${listed(resolution)}`;
    case 'bound':
      return `lists ${listed(resolution)}`;
  }
}

function listed(resolution: Resolution & { is: 'bound' | 'stale' }): string {
  const { length } = resolution.endpoints;
  const idle = length - callable(resolution);
  return `${length === 0 ? 'none' : length}${idle === 0 ? '' : `, of which ${idle} have weight 0`}`;
}

const KEYS: readonly (keyof DependencyOptions)[] = ['required', 'minEndpoints', 'within'];

function readNeed(options: DependencyOptions): Need {
  if (typeof options !== 'object' || options === null) {
    throw new MeshError('request', `dependsOn: the options must be an object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key as keyof DependencyOptions)) {
      throw new MeshError('request', `dependsOn: no such option '${key}'; there are ${KEYS.join(', ')}`);
    }
  }
  const { required = true, minEndpoints = 1, within = '10s' } = options;
  if (typeof required !== 'boolean') throw bad('required', 'true or false', required);
  if (!Number.isInteger(minEndpoints) || minEndpoints < 1) {
    throw bad('minEndpoints', 'a whole number of at least 1', minEndpoints);
  }
  const withinMs = typeof within === 'string' ? parseDuration(within) : undefined;
  if (withinMs === undefined) throw bad('within', `a duration such as '500ms' or '10s'`, within);
  return { required, minEndpoints, withinMs, within };
}

const bad = (key: string, rule: string, value: unknown): MeshError =>
  new MeshError('request', `dependsOn: ${key} must be ${rule}, got ${JSON.stringify(value)}`);
