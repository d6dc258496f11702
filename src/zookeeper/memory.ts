import type { Clock } from '../core/clock.ts';
import type { Link, SessionKey } from './link.ts';

const NEVER = -1n;
const PAST = 16;

/** What is remembered of a session between its connections, and for how long it is worth going on with. */
export class SessionMemory {
  readonly #clock: Clock;
  readonly #servers: number;
  #key: SessionKey | undefined;
  #past: bigint[] = []; // sessions that we had and lost, the latest first
  #zxid = 0n;
  #knownTo = NEVER;
  #timeoutMs: number;
  #heardAt: number;
  #refusals = 0; // hung up on without a word, since the session was lost

  constructor(clock: Clock, servers: number, timeoutMs: number) {
    this.#clock = clock;
    this.#servers = servers;
    this.#timeoutMs = timeoutMs;
    this.#heardAt = clock.now();
  }

  /** The session's number; 0 while there is none. */
  get id(): bigint {
    return this.#key?.id ?? 0n;
  }

  /** The session timeout as agreed with the server; as we want it before that. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** The latest moment of the ensemble's history that we have heard of. */
  get zxid(): bigint {
    return this.#zxid;
  }

  /** Up to which moment of that history all events have come, before the connection there is. */
  get knownTo(): bigint {
    return this.#knownTo;
  }

  /** How long the session may still live, by our clock, without a connection. */
  get leftMs(): number {
    return Math.max(0, this.#heardAt + this.#timeoutMs - this.#clock.now());
  }

  /** Whether a node of session `id` is a leftover of ours, from a session that we lost. */
  wasOurs(id: bigint): boolean {
    return this.#past.includes(id);
  }

  /** A connection is up. Says whether it carries the session that there was before. */
  up(link: Link): boolean {
    const resumed = this.#key?.id === link.key.id;
    this.#key = link.key;
    this.#timeoutMs = link.timeoutMs;
    this.#refusals = 0;
    return resumed;
  }

  /** A connection has ended. */
  down(link: Link): void {
    this.#zxid = this.#knownTo = link.zxid;
    this.#heardAt = link.heardAt;
  }

  /** A server hung up on us without a word, though the session is lost by our clock. */
  refused(): void {
    this.#refusals++;
  }

  /** The session is no more. */
  forget(): void {
    if (this.#key !== undefined) this.#past = [this.#key.id, ...this.#past].slice(0, PAST);
    this.#key = undefined;
  }

  /**
   * The session to go on with. One that should be over by our clock is still offered, since servers that were all away
   * count from anew; but one that hangs up on it for long may have lost its data, and knows neither the session nor the
   * moment that we speak of. For a while that is only a server that starts.
   */
  toOffer(isLost: boolean): SessionKey | undefined {
    if (this.#key === undefined || !isLost) return this.#key;
    const since = (this.#clock.now() - this.#heardAt) / this.#timeoutMs;
    const refused = this.#refusals >= 2 * this.#servers;
    if (since <= (refused ? 2 : 3)) return this.#key;
    this.forget();
    this.#zxid = 0n;
    this.#knownTo = NEVER;
    return undefined;
  }
}
