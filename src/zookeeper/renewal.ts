import type { SecureContext } from 'node:tls';
import type { Timer } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import type { Gate } from './gate.ts';
import type { Line } from './session-state.ts';
import { Credentials, type TlsFiles } from './tls.ts';

const RENEW_MS = 10_000; // a fleet gets its certificates at one moment, and shall not come with them at one
const RENEW_AGAIN_MS = 60_000;

/** What of a session is needed to let it go over to another connection. */
export interface Renewable {
  /** The connection that there is. */
  readonly line: () => Line | undefined;
  /** Every question goes through it. */
  readonly gate: Gate;
  /** Connects with what the files say now; `before` is done when only the session is still to be asked for. */
  readonly connect: (old: Line, before: () => Promise<void>) => Promise<Line>;
  /** A connection has come about that is to take the place of another. */
  readonly succeed: (old: Line, line: Line) => Promise<void>;
  /** There is a problem with the credentials, or there is none any more. */
  readonly troubled: () => void;
}

/**
 * What a session proves itself by. When the files say something else the session goes over to a connection made with it,
 * and the old one stays until that has come about as far as asking for the session: so credentials that the server does
 * not like cost nothing.
 */
export class Renewal {
  readonly #env: Env;
  readonly #session: Renewable;
  readonly #credentials: Credentials;
  #underWay: Promise<void> | undefined;
  #refusal = ''; // what a server says of our new certificate
  #timer: Timer | undefined;
  #closed = false;

  constructor(files: TlsFiles, env: Env, session: Renewable) {
    this.#env = env;
    this.#session = session;
    const heard = { renewed: () => this.#later(), troubled: () => session.troubled() };
    this.#credentials = new Credentials(files, env, heard);
  }

  /** What to make a connection with. @throws ZookeeperError TLS_FILE */
  context(): Promise<SecureContext> {
    return this.#credentials.context();
  }

  /** Why a connection like the one there is could not be made now; empty where nothing is wrong. No secret. */
  get problem(): string {
    return this.#credentials.problem || this.#refusal;
  }

  /** Settles when no connection is being replaced. */
  get underWay(): Promise<void> | undefined {
    return this.#underWay;
  }

  /** A connection is up. */
  up(line: Line): void {
    this.#timer?.cancel();
    this.#refusal = '';
    if (line.tls !== this.#credentials.current) this.#later(); // they changed while we connected
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#credentials.close();
  }

  /** Where there is no connection, the next is made with what the files say now anyway. */
  #later(): void {
    if (this.#session.line() !== undefined) this.#after(this.#env.random.next() * RENEW_MS);
  }

  #after(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#env.clock.schedule(ms, () => this.#renew());
    this.#timer.hold(false);
  }

  #renew(): void {
    const line = this.#session.line();
    if (line === undefined || this.#underWay !== undefined || line.tls === this.#credentials.current) return;
    this.#underWay = this.#replace(line).finally(() => {
      this.#underWay = undefined;
    });
  }

  async #replace(old: Line): Promise<void> {
    const { connect, succeed, gate, troubled } = this.#session;
    try {
      await succeed(old, await connect(old, () => gate.shut()));
    } catch (error) {
      if (this.#closed) return;
      this.#refusal = `the new certificate is not taken: ${(error as Error).message}`;
      troubled();
      this.#after(RENEW_AGAIN_MS * (1 + this.#env.random.next()));
    } finally {
      gate.open();
    }
  }
}
