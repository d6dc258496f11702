import type { Timer } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { type Cancel, type Live, LiveValue } from '../core/live.ts';
import { addressOf, type ServerAddress } from './address.ts';
import { Backoff } from './backoff.ts';
import { connectionLoss, ZookeeperError } from './errors.ts';
import { Gate } from './gate.ts';
import type { OpenLink } from './link.ts';
import { Listeners } from './listeners.ts';
import { Lookups } from './lookups.ts';
import { SessionMemory } from './memory.ts';
import type { Operation } from './operations.ts';
import { Renewal } from './renewal.ts';
import { Servers } from './servers.ts';
import { connected, type Line, type SessionOptions, type SessionState, type Up } from './session-state.ts';
import { openLink } from './socket-link.ts';

const IN_FLIGHT = 64; // Finagle allows 100; beyond that an ensemble only queues what we could
const CLOSE_MS = 1_000;

/**
 * One session with an ensemble, over one connection after another. It never lies about what it knows: connected means
 * that the server has just proved it, lost is told by our own clock when no server can tell it.
 */
export class Session {
  readonly options: SessionOptions;
  readonly state: Live<SessionState>;
  /** Who hears of what the server was asked to tell. */
  readonly listeners = new Listeners();
  /** What the servers turned out not to know; the answer of one stands for all. */
  readonly lacks = new Set<'addWatch' | 'container'>();
  readonly #state = new LiveValue<SessionState>({ is: 'connecting' });
  readonly #env: Env;
  readonly #openLink: OpenLink;
  readonly #backoff: Backoff;
  readonly #gate = new Gate(IN_FLIGHT);
  readonly #lookups: Lookups;
  readonly #servers: Servers;
  readonly #memory: SessionMemory;
  readonly #renewal: Renewal | undefined;
  readonly #onUp = new Set<(up: Up) => void>();
  #line: Line | undefined;
  #successor: Line | undefined; // has taken the place of a connection that is about to end
  #timers = new Set<Timer>();
  #wake: () => void = () => {};

  constructor(options: SessionOptions, env: Env, open: OpenLink = openLink) {
    this.options = options;
    this.state = this.#state;
    this.#env = env;
    this.#openLink = open;
    this.#lookups = new Lookups(env.clock);
    this.#servers = new Servers(options.servers, env.random);
    this.#backoff = new Backoff(env.random, options.servers.length);
    this.#memory = new SessionMemory(env.clock, options.servers.length, options.timeoutMs);
    this.#renewal =
      options.tls &&
      new Renewal(options.tls, env, {
        line: () => this.#line,
        gate: this.#gate,
        connect: ({ server }, before) => this.#connect(server, before),
        succeed: (old, line) => this.#succeed(old, line),
        troubled: () => this.#tellOfCredentials(),
      });
    void this.#run();
  }

  /** The session's number; 0 while there is none. */
  get id(): bigint {
    return this.#memory.id;
  }

  /** Whether a node of session `id` is a leftover of ours, from a session that we lost. */
  wasOurs(id: bigint): boolean {
    return this.#memory.wasOurs(id);
  }

  /** The session timeout as agreed with the server; as we want it before that. */
  get timeoutMs(): number {
    return this.#memory.timeoutMs;
  }

  /** The latest moment of the ensemble's history that we have heard of. */
  get zxid(): bigint {
    return this.#line?.link.zxid ?? this.#memory.zxid;
  }

  /**
   * Asks the ensemble for something. Settles within two thirds of the session timeout; rejects at once with
   * CONNECTION_LOSS while there is no connection, since what is sent late does harm.
   */
  ask<T>(operation: Operation<T>): Promise<T> {
    if (this.#line === undefined) return Promise.reject(connectionLoss(this.problem));
    return this.#gate.run(() => this.#line?.link.ask(operation) ?? Promise.reject(connectionLoss(this.problem)));
  }

  /** Calls `listener` for every connection that comes up from now on. */
  onUp(listener: (up: Up) => void): Cancel {
    this.#onUp.add(listener);
    return () => void this.#onUp.delete(listener);
  }

  /** Why there is no connection, in the words of every server. Holds no secret. */
  get problem(): string {
    return this.#servers.problem;
  }

  /** Waits for a connection. @throws ZookeeperError UNREACHABLE after `ms`, with what each server answered. */
  async ready(ms: number): Promise<void> {
    const problem = await new Promise<string | undefined>((resolve) => {
      const timer = this.#env.clock.schedule(ms, () => done(`within ${Math.round(ms)} ms: ${this.problem}`));
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
    const line = this.#line;
    this.#line = undefined;
    this.#state.set({ is: 'closed' });
    this.#renewal?.close();
    this.#gate.refuse(connectionLoss('the registry was closed'));
    this.#cancelTimers();
    this.#wake();
    await line?.link.close(CLOSE_MS);
  }

  get #closed(): boolean {
    return this.#state.value.is === 'closed';
  }

  /** Connects, and again, until closed. */
  async #run(): Promise<void> {
    for (let turn = 0; !this.#closed; ) {
      const server = this.#servers.at(turn);
      const problem = await this.#live(server);
      if (this.#closed) return;
      this.#servers.answered(server, problem.message);
      if (this.#state.value.is === 'connecting') this.#state.set({ is: 'connecting', problem: this.problem });
      // Who knows that our session is over is well, and will take another: it is asked again, and soon.
      if (problem.code === 'EXPIRED' && this.id !== 0n) this.#backoff.anew();
      else turn++;
      if (problem.code === 'EXPIRED') this.#expired();
      else if (this.#state.value.is === 'lost' && problem.code === 'REFUSED') this.#memory.refused();
      await this.#sleep(this.#backoff.next(this.timeoutMs));
    }
  }

  /** One connection, from its beginning to its end, and those that take its place meanwhile. */
  async #live(server: ServerAddress): Promise<ZookeeperError> {
    try {
      let line = await this.#connect(server);
      if (this.#closed) {
        await line.link.close(CLOSE_MS);
        return connectionLoss('closed');
      }
      const since = this.#env.clock.now();
      this.#up(line);
      for (;;) {
        const error = await line.ended;
        await this.#renewal?.underWay; // a server ends a connection whose session goes over to another
        const next = this.#successor;
        this.#successor = undefined;
        if (next === undefined) {
          this.#backoff.ended(this.#env.clock.now() - since);
          this.#down(line, error);
          return error;
        }
        line = next;
      }
    } catch (error) {
      return error instanceof ZookeeperError ? error : new ZookeeperError('CONNECT', String(error));
    }
  }

  async #connect(server: ServerAddress, before?: () => Promise<void>): Promise<Line> {
    let end: (error: ZookeeperError) => void = () => {};
    const ended = new Promise<ZookeeperError>((resolve) => {
      end = resolve;
    });
    const tls = await this.#renewal?.context();
    const { chroot, digest, timeoutMs } = this.options;
    const link = await this.#openLink({
      ...{ server, clock: this.#env.clock, chroot, timeoutMs, digest, tls, before, zxid: this.zxid },
      lookup: this.#lookups.lookup,
      key: this.#memory.toOffer(this.#state.value.is === 'lost'),
      handshakeMs: Math.min(2_000, Math.max(250, this.timeoutMs / 4)),
      onEvent: (event) => this.listeners.tell(event),
      onEnd: (error) => end(error),
    });
    return { server, link, ended, tls };
  }

  #up(line: Line): void {
    const { knownTo } = this.#memory;
    const resumed = this.#memory.up(line.link);
    this.#line = line;
    this.#servers.clear();
    this.#cancelTimers();
    this.#renewal?.up(line);
    this.#state.set(connected(addressOf(line.server), this.#renewal?.problem));
    for (const listener of [...this.#onUp]) listener({ resumed, knownTo });
  }

  #down(line: Line, error: ZookeeperError): void {
    if (this.#line !== line) return; // closed meanwhile
    this.#line = undefined;
    this.#memory.down(line.link);
    this.#gate.refuse(error);
    this.#state.set({ is: 'suspended', problem: error.message });
    this.#after(this.#memory.leftMs, () => {
      if (this.#state.value.is === 'suspended') this.#state.set({ is: 'lost', problem: this.problem });
    });
  }

  #expired(): void {
    this.#memory.forget();
    if (this.#state.value.is !== 'connecting') this.#state.set({ is: 'lost', problem: 'the session has expired' });
  }

  /** Another connection takes the place of one that works; the server lets go of that one itself. */
  async #succeed(old: Line, line: Line): Promise<void> {
    if (this.#closed) return line.link.close(CLOSE_MS);
    this.#successor = line;
    old.link.destroy('another connection took its place');
    this.#memory.down(old.link);
    this.#up(line);
  }

  #tellOfCredentials(): void {
    const state = this.#state.value;
    if (state.is === 'connected') this.#state.set(connected(state.server, this.#renewal?.problem));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#after(ms, resolve);
    });
  }

  #after(ms: number, task: () => void): void {
    const timer = this.#env.clock.schedule(ms, () => {
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
