import { AsyncLocalStorage } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import type { Env } from '../core/env.ts';
import type { Cancel } from '../core/live.ts';
import type { Policy } from '../policy/table.ts';
import { Connector } from './connect.ts';
import { Handover, type Sides } from './handover.ts';
import { steadyClient } from './steady-client.ts';
import { type Pool, undici } from './undici.ts';

const ENDPOINTS = 10_000; // an endpoint without connections costs 19 kB
const VARIANTS = 4; // routes of one service may have settings of their own

/** The connections to one endpoint, under one set of settings. */
interface Connections extends Sides {
  readonly connector: Connector;
  readonly settings: Settings;
  /** Where they are giving way to others. */
  handover: Handover<Connections> | undefined;
}

interface Settings {
  readonly connections: number;
  readonly keepAlive: number;
  readonly idle: number;
  readonly connect: number;
  /** Of which the certificate of the other side must have one. */
  readonly peers: readonly string[];
}

/** What is kept for one endpoint: the connections in use last, under which policy, and those of other settings. */
interface Entry {
  policy: Policy;
  current: Connections;
  readonly variants: Connections[];
}

/** A pool of connections for each endpoint, made when it is first called and closed when it goes. */
export class Pools {
  readonly #env: Env;
  readonly #entries: LRUCache<string, Entry>;
  readonly #forget: Cancel | undefined;
  readonly #closing = new Map<Connections, Promise<void>>();
  readonly #apart = AsyncLocalStorage.snapshot(); // a connection would keep what the request it is made for has at hand

  constructor(env: Env) {
    this.#env = env;
    const { client } = env.identity ?? {};
    this.#forget = client?.onChange(() => this.#replace(client.replaceMs));
    this.#entries = new LRUCache({
      max: ENDPOINTS,
      dispose: ({ variants }) => {
        for (const variant of variants) this.#retire(variant);
      },
    });
  }

  /** How many pools there are, those that are closing included. */
  get size(): number {
    let open = this.#closing.size;
    for (const { variants } of this.#entries.values()) open += variants.length;
    return open;
  }

  /** The pool for an endpoint, as the policy wants it. */
  get(url: string, policy: Policy): Pool {
    const entry = this.#entries.get(url);
    if (entry === undefined) return this.#open(url, policy);
    if (entry.policy !== policy) this.#adapt(url, entry, policy);
    const { handover, pool } = entry.current;
    return handover === undefined ? pool : handover.side.pool;
  }

  /** Closes what there is for an endpoint; requests under way may end. */
  forget(url: string): void {
    this.#entries.delete(url);
  }

  /** Closes everything: what is under way has `withinMs` to end. */
  async close(withinMs: number, error: Error): Promise<void> {
    this.#forget?.();
    this.#entries.clear();
    const timer = this.#env.clock.schedule(withinMs, () => {
      for (const { pool, connector } of this.#closing.keys()) {
        void pool.destroy(error);
        connector.abandon(error);
      }
    });
    await Promise.all(this.#closing.values());
    timer.cancel();
  }

  #open(url: string, policy: Policy): Pool {
    const current = this.#connections(url, settingsOf(policy));
    this.#entries.set(url, { policy, current, variants: [current] });
    return current.pool;
  }

  #adapt(url: string, entry: Entry, policy: Policy): void {
    const wanted = settingsOf(policy);
    let fit = entry.variants.find(({ settings }) => same(settings, wanted));
    if (fit === undefined) {
      fit = this.#connections(url, wanted);
      if (entry.variants.push(fit) > VARIANTS) this.#retire(entry.variants.shift()!);
    }
    entry.policy = policy;
    entry.current = fit;
  }

  /** Calls go on meanwhile, over the connections that there are. */
  #replace(withinMs: number): void {
    for (const [url, entry] of this.#entries.entries()) {
      for (const variant of entry.variants) {
        if (variant.handover === undefined) this.#handOver(url, entry, variant, withinMs);
        else variant.handover.repeat();
      }
    }
  }

  #handOver(url: string, entry: Entry, old: Connections, withinMs: number): void {
    const next = (): Connections => this.#connections(url, old.settings);
    old.handover = new Handover(this.#env, withinMs, old, next, (made, again) => {
      entry.variants[entry.variants.indexOf(old)] = made;
      if (entry.current === old) entry.current = made;
      old.handover = undefined;
      this.#retire(old);
      if (again) this.#handOver(url, entry, made, withinMs);
    });
  }

  #connections(url: string, settings: Settings): Connections {
    const { Pool, buildConnector } = undici();
    const connector = new Connector(this.#env, settings.connect, buildConnector, settings.peers);
    const pool = new Pool(url, {
      connect: (...connect) => this.#apart(connector.connect, ...connect),
      factory: steadyClient,
      connections: settings.connections,
      keepAliveTimeout: settings.keepAlive,
      keepAliveMaxTimeout: settings.keepAlive,
      headersTimeout: 0, // the deadline rules
      bodyTimeout: Number.isFinite(settings.idle) ? settings.idle : 0,
      pipelining: 1,
      allowH2: false,
    });
    return { pool, connector, settings, connecting: () => connector.size, handover: undefined };
  }

  #retire(connections: Connections): void {
    const begun = connections.handover?.abandon();
    if (begun !== undefined) this.#retire(begun);
    const closed = connections.pool.close().then(() => void this.#closing.delete(connections));
    this.#closing.set(connections, closed);
  }
}

const settingsOf = ({ transport, attempt, authenticate }: Policy): Settings => ({
  connections: transport.connections,
  keepAlive: transport.keepAlive,
  idle: transport.idle,
  connect: attempt.connect,
  peers: authenticate.peers,
});

const same = (a: Settings, b: Settings): boolean =>
  a.connections === b.connections &&
  a.keepAlive === b.keepAlive &&
  a.idle === b.idle &&
  a.connect === b.connect &&
  (a.peers === b.peers || a.peers.join() === b.peers.join());
