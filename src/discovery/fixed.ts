import { type Endpoint, endpoint } from '../core/endpoint.ts';
import { MeshError } from '../core/errors.ts';
import { LiveValue } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';
import { show } from '../policy/read.ts';
import { constant } from './constant.ts';
import { changed, checkInstance, HEAVIEST } from './instance.ts';
import { checkServiceName } from './names.ts';
import type { Announcement, Instance, InstanceChange, Listing, Registry, Resolving } from './registry.ts';

/** Where services live, as somebody wrote it down: `{ orders: ['http://10.0.0.5:3000'] }`. */
export type FixedServices = Readonly<Record<string, readonly (string | FixedEndpoint)[]>>;

/** One address of a fixed list. */
export interface FixedEndpoint {
  /** Scheme, host and port: `http://10.0.0.5:3000`. */
  readonly url: string;
  /** How much of the traffic it should have beside the others, 1 unless told; 0 takes no new calls. */
  readonly weight?: number | undefined;
  /** Where it runs. */
  readonly zone?: string | undefined;
  /** What else is known of it, such as labels for `subset`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * A registry that was written down. It is there at once and never changes: announcing is accepted, so that a program
 * runs the same with any registry, but nobody hears of it, and the list stays as written.
 * @throws MeshError INVALID_ARGUMENT that says what is wrong, and where.
 */
export function fixedRegistry(services: FixedServices): Registry {
  const lists = new Map<string, Resolution>();
  for (const [service, list] of Object.entries(objectOf(services, 'registry.fixed'))) {
    checkServiceName(service);
    lists.set(service, { is: 'bound', endpoints: endpointsOf(list, `registry.fixed.${service}`) });
  }
  return new FixedRegistry(lists);
}

class FixedRegistry implements Registry {
  readonly name = 'fixed';
  readonly #lists: ReadonlyMap<string, Resolution>;

  constructor(lists: ReadonlyMap<string, Resolution>) {
    this.#lists = lists;
  }

  resolve(service: string): Resolving {
    return constant(this.#lists.get(service) ?? { is: 'unknown' });
  }

  async announce(instance: Instance): Promise<Announcement> {
    return new FixedAnnouncement(checkInstance(instance));
  }

  async services(): Promise<readonly string[]> {
    return [...this.#lists.keys()].sort();
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

class FixedAnnouncement implements Announcement {
  readonly state = new LiveValue<Listing>('listed');
  #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  get instance(): Instance {
    return this.#instance;
  }

  async update(change: InstanceChange): Promise<void> {
    this.#instance = changed(this.#instance, change);
  }

  async close(): Promise<void> {
    this.state.set('left');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function endpointsOf(list: unknown, path: string): readonly Endpoint[] {
  if (!Array.isArray(list)) throw problem(`${path} must be a list of URLs or of { url, weight, zone, metadata }`);
  const ids = new Set<string>();
  const endpoints = list.map((entry: unknown, at) => {
    const made = endpointAt(entry, `${path}[${at}]`);
    if (ids.has(made.id)) throw problem(`${path}[${at}]: ${made.url} stands on the list twice`);
    ids.add(made.id);
    return made;
  });
  return Object.freeze(endpoints);
}

function endpointAt(entry: unknown, path: string): Endpoint {
  const { url, weight = 1, zone = '', metadata = {}, ...rest } = read(entry, path);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw problem(`${path}.${unknown}: no such field; there are url, weight, zone, metadata`);
  if (typeof url !== 'string') throw problem(`${path}.url must be a URL such as 'http://10.0.0.5:3000'`);
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= HEAVIEST)) {
    throw problem(`${path}.weight must be a number from 0 to ${HEAVIEST}, got ${show(weight)}`);
  }
  if (typeof zone !== 'string') throw problem(`${path}.zone must be a text`);
  try {
    return endpoint(url, { weight, zone, metadata: textsOf(metadata, `${path}.metadata`) });
  } catch (error) {
    throw MeshError.is(error) ? error : problem(`${path}: ${(error as Error).message}`);
  }
}

const read = (entry: unknown, path: string): Record<string, unknown> =>
  typeof entry === 'string' ? { url: entry } : objectOf(entry, path);

function textsOf(metadata: unknown, path: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(metadata, path));
  for (const [key, value] of entries) if (typeof value !== 'string') throw problem(`${path}['${key}'] must be a text`);
  return Object.freeze(Object.fromEntries(entries) as Record<string, string>);
}

function objectOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw problem(`${path} must be an object`);
}

const problem = (message: string): MeshError => new MeshError('request', message);
