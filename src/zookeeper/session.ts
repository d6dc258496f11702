import type { Clock, Timer } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { type Cancel, type Live, LiveValue } from '../core/live.ts';
import { below } from '../core/random.ts';
import { addressOf, type ServerAddress } from './address.ts';
import { Backoff } from './backoff.ts';
import type { SessionKey } from './codec.ts';
import { connectionLoss, ZookeeperError } from './errors.ts';
import { Gate } from './gate.ts';
import { type Link, type OpenLink, openLink } from './link.ts';
import { Listeners } from './listeners.ts';
import type { Operation } from './operations.ts';
import type { TlsFiles } from './tls.ts';

/** How it stands between us and the ensemble. */
export type SessionState =
  /** There has been no session yet; and why, once it was tried. */
  | { readonly is: 'connecting'; readonly problem?: string }
  | { readonly is: 'connected'; readonly server: string }
  /** The connection is gone, the session may live: what we registered may still be there. */
  | { readonly is: 'suspended'; readonly problem: string }
  /** By our clock the session has ended, or the server said so: what we registered is gone, or will be. */
  | { readonly is: 'lost'; readonly problem: string }
  | { readonly is: 'closed' };

/** A new connection is up. */
export interface Up {
  /** The session is the one that there was before. */
  readonly resumed: boolean;
  /** Up to which moment of the ensemble's history all events have come; what was later may have been missed. */
  readonly knownTo: bigint;
}

export interface SessionOptions {
  readonly servers: readonly ServerAddress[];
  readonly chroot: string;
  readonly digest: string | undefined;
  readonly tls: TlsFiles | undefined;
  /** The session timeout to ask for; the server has the last word. */
  readonly timeoutMs: number;
  /** For messages. */
  readonly name: string;
}

const IN_FLIGHT = 64; // Finagle allows 100; beyond that an ensemble only queues what we could
const CLOSE_MS = 1_000;
const NEVER = -1n;
const PAST = 16;

/**
 * One session with an ensemble, over one connection after another. It never lies about what it knows: connected means
 * that the server has just proved it, lost is told by our own clock when no server can tell it.
 */
export class Session {
  readonly options: SessionOptions;
  readonly state: Live<SessionState>;
  /** Who hears of what the server was asked to tell. */
  readonly listeners = new Listeners();
  readonly #state = new LiveValue<SessionState>({ is: 'connecting' });
  readonly #clock: Clock;
  readonly #openLink: OpenLink;
  readonly #backoff: Backoff;
  readonly #gate = new Gate(IN_FLIGHT);
  readonly #servers: readonly ServerAddress[];
  readonly #problems = new Map<string, string>(); // what each server answered last
  readonly #onUp = new Set<(up: Up) => void>();
  /** What the servers turned out not to know; the answer of one stands for all. */
  readonly lacks = new Set<'addWatch' | 'container'>();
  #link: Link | undefined;
  #key: SessionKey | undefined;
  #past: bigint[] = []; // sessions that we had and lost, the latest first
  #zxid = 0n;
  #knownTo = NEVER;
  #timeoutMs: number;
  #heardAt: number;
  #refusals = 0; // hung up on without a word, since the session was lost
  #timers = new Set<Timer>();
  #wake: () => void = () => {};

  constructor(options: SessionOptions, env: Env, open: OpenLink = openLink) {
    this.options = options;
    this.state = this.#state;
    this.#clock = env.clock;
    this.#openLink = open;
    this.#servers = shuffled(options.servers, env);
    this.#backoff = new Backoff(env.random, options.servers.length);
    this.#timeoutMs = options.timeoutMs;
    this.#heardAt = env.clock.now();
    void this.#run();
  }

  /** The session's number; 0 while there is none. */
  get id(): bigint {
    return this.#key?.id ?? 0n;
  }

  /** Whether a node of session `id` is a leftover of ours, from a session that we lost. */
  wasOurs(id: bigint): boolean {
    return this.#past.includes(id);
  }

  /** The session timeout as agreed with the server; as we want it before that. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** The latest moment of the ensemble's history that we have heard of. */
  get zxid(): bigint {
    return this.#link?.zxid ?? this.#zxid;
  }

  /**
   * Asks the ensemble for something. Settles within two thirds of the session timeout; rejects at once with
   * CONNECTION_LOSS while there is no connection, since what is sent late does harm.
   */
  ask<T>(operation: Operation<T>): Promise<T> {
    if (this.#link === undefined) return Promise.reject(connectionLoss(this.problem));
    return this.#gate.run(() => {
      const link = this.#link;
      return link === undefined ? Promise.reject(connectionLoss(this.problem)) : link.ask(operation);
    });
  }

  /** Calls `listener` for every connection that comes up from now on. */
  onUp(listener: (up: Up) => void): Cancel {
    this.#onUp.add(listener);
    return () => void this.#onUp.delete(listener);
  }

  /** Why there is no connection, in the words of every server. Holds no secret. */
  get problem(): string {
    const answers = this.#servers.map((server) => `${addressOf(server)}: ${this.#problems.get(addressOf(server))}`);
    return answers.filter((answer) => !answer.endsWith(': undefined')).join('; ') || 'not connected yet';
  }

  /** Waits for a connection. @throws ZookeeperError UNREACHABLE after `ms`, with what each server answered. */
  async ready(ms: number): Promise<void> {
    const problem = await new Promise<string | undefined>((resolve) => {
      const timer = this.#clock.schedule(ms, () => done(`within ${Math.round(ms)} ms: ${this.problem}`));
      let stop: Cancel = () => {};
      const done = (problem: string | undefined) => {
        timer.cancel();
        queueMicrotask(() => stop());
        resolve(problem);
      };
      stop = this.#state.watch((state) => {
        if (state.is === 'connected') done(undefined);
        if (state.is === 'closed') done('any more: the registry was closed');
      });
    });
    if (problem !== undefined) {
      throw new ZookeeperError('UNREACHABLE', `${this.options.name} could not be reached ${problem}`);
    }
  }

  /** Ends the session, and with it all ephemeral nodes; bounded by a second when nobody answers. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const link = this.#link;
    this.#link = undefined;
    this.#state.set({ is: 'closed' });
    this.#gate.refuse(connectionLoss('the registry was closed'));
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#wake();
    await link?.close(CLOSE_MS);
  }

  get #closed(): boolean {
    return this.#state.value.is === 'closed';
  }

  /** Connects, and again, until closed. */
  async #run(): Promise<void> {
    for (let turn = 0; !this.#closed; turn++) {
      const server = this.#servers[turn % this.#servers.length]!;
      const problem = await this.#live(server);
      if (this.#closed) return;
      this.#problems.set(addressOf(server), problem.message);
      if (this.#state.value.is === 'connecting') this.#state.set({ is: 'connecting', problem: this.problem });
      if (problem.code === 'EXPIRED') this.#expired();
      else if (this.#state.value.is === 'lost' && problem.code === 'REFUSED') this.#refusals++;
      await this.#sleep(this.#backoff.next(this.#timeoutMs));
    }
  }

  /** One connection, from its beginning to its end. */
  async #live(server: ServerAddress): Promise<ZookeeperError> {
    let end: (error: ZookeeperError) => void = () => {};
    const ended = new Promise<ZookeeperError>((resolve) => {
      end = resolve;
    });
    try {
      const link = await this.#openLink({
        ...{ server, clock: this.#clock, chroot: this.options.chroot, timeoutMs: this.options.timeoutMs },
        ...{ digest: this.options.digest, tls: this.options.tls, key: this.#keyToOffer(), zxid: this.#zxid },
        handshakeMs: Math.min(2_000, Math.max(250, this.#timeoutMs / 4)),
        onEvent: (event) => this.listeners.tell(event),
        onEnd: (error) => end(error),
      });
      if (this.#closed) {
        await link.close(CLOSE_MS);
        return connectionLoss('closed');
      }
      const since = this.#clock.now();
      this.#up(link, addressOf(server));
      const error = await ended;
      this.#backoff.ended(this.#clock.now() - since);
      this.#down(link, error);
      return error;
    } catch (error) {
      return error instanceof ZookeeperError ? error : new ZookeeperError('CONNECT', String(error));
    }
  }

  #up(link: Link, server: string): void {
    const resumed = this.#key?.id === link.key.id;
    const knownTo = this.#knownTo;
    this.#link = link;
    this.#key = link.key;
    this.#timeoutMs = link.timeoutMs;
    this.#refusals = 0;
    this.#problems.clear();
    this.#cancelTimers();
    this.#state.set({ is: 'connected', server });
    for (const listener of [...this.#onUp]) listener({ resumed, knownTo });
  }

  #down(link: Link, error: ZookeeperError): void {
    if (this.#link !== link) return; // closed meanwhile
    this.#link = undefined;
    this.#zxid = this.#knownTo = link.zxid;
    this.#heardAt = link.heardAt;
    this.#gate.refuse(error);
    this.#state.set({ is: 'suspended', problem: error.message });
    const left = link.heardAt + this.#timeoutMs - this.#clock.now();
    this.#after(Math.max(0, left), () => {
      if (this.#state.value.is === 'suspended') this.#state.set({ is: 'lost', problem: this.problem });
    });
  }

  #forget(): void {
    if (this.#key !== undefined) this.#past = [this.#key.id, ...this.#past].slice(0, PAST);
    this.#key = undefined;
  }

  #expired(): void {
    this.#forget();
    if (this.#state.value.is !== 'connecting') this.#state.set({ is: 'lost', problem: 'the session has expired' });
  }

  /**
   * The session to go on with. One that should be over by our clock is still offered, since servers that were all away
   * count from anew; but one that hangs up on it for long may have lost its data, and knows neither the session nor the
   * moment that we speak of. For a while that is only a server that starts.
   */
  #keyToOffer(): SessionKey | undefined {
    if (this.#key === undefined || this.#state.value.is !== 'lost') return this.#key;
    const since = (this.#clock.now() - this.#heardAt) / this.#timeoutMs;
    const refused = this.#refusals >= 2 * this.#servers.length;
    if (since <= (refused ? 2 : 3)) return this.#key;
    this.#forget();
    this.#zxid = 0n;
    this.#knownTo = NEVER;
    return undefined;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#after(ms, resolve);
    });
  }

  #after(ms: number, task: () => void): void {
    const timer = this.#clock.schedule(ms, () => {
      this.#timers.delete(timer);
      task();
    });
    timer.hold(false);
    this.#timers.add(timer);
  }

  #cancelTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

/** In an order of its own for each client, so that they spread over the servers. */
function shuffled<T>(list: readonly T[], { random }: Env): T[] {
  const all = [...list];
  for (let at = all.length - 1; at > 0; at--) {
    const other = below(random, at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}
