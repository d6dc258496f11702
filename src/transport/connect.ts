import type { Socket } from 'node:net';
import type { Env } from '../core/env.ts';
import { whenLate } from '../core/when-late.ts';
import type { buildConnector } from './undici.ts';

const USUAL = { timeout: 0, allowH2: false };
/**
 * Handshakes at one endpoint at once in which both sides prove who they are; each costs milliseconds of both. All at once
 * would share the processor and end late together, as many as requests wait; one behind the other the first end soon, and
 * their connections serve those who come next. Of a far endpoint the first connections come as many in each round trip.
 */
const HANDSHAKES = 4;

type Connect = Parameters<buildConnector.connector>;

/** Makes connections within a time, and knows those that are still being made, so that they can be given up. */
export class Connector {
  readonly #env: Env;
  readonly #timeoutMs: number;
  readonly #open: (options: buildConnector.Options) => buildConnector.connector;
  readonly #isSecure: boolean;
  readonly #hasPeers: boolean;
  readonly #connecting = new Set<Socket>();
  readonly #waiting: Connect[] = [];

  /** `peers` are the SPIFFE IDs of which the other side must prove one, where we have a certificate. */
  constructor(env: Env, timeoutMs: number, build: typeof buildConnector, peers: readonly string[] = []) {
    this.#env = env;
    this.#timeoutMs = timeoutMs;
    const [usual, secure] = [build(USUAL), env.identity?.client];
    this.#isSecure = secure !== undefined;
    this.#hasPeers = peers.length > 0;
    this.#open = ({ protocol }) =>
      secure === undefined || protocol !== 'https:' ? usual : build({ ...USUAL, ...secure.options(peers) }); // each connection with the certificate of its moment
  }

  readonly connect: buildConnector.connector = (...connect) => {
    const [{ protocol }, callback] = connect;
    const proves = this.#isSecure && protocol === 'https:';
    // Whoever writes the registry could else do away with the proof, by a record without TLS.
    if (this.#hasPeers && !proves) callback(new Unproven(this.#isSecure), null);
    else if (proves && this.#connecting.size >= HANDSHAKES) this.#waiting.push(connect);
    else this.#begin(...connect);
  };

  /** How many are being made, or wait for that. */
  get size(): number {
    return this.#connecting.size + this.#waiting.length;
  }

  /** Gives up what is being connected. */
  abandon(error: Error): void {
    for (const [, callback] of this.#waiting.splice(0)) callback(error, null);
    for (const socket of this.#connecting) socket.destroy(error);
  }

  #begin(...[options, callback]: Connect): void {
    // undici's own timer is right to half a second only.
    let socket: Socket | undefined;
    const late = (): void => void socket!.destroy(new ConnectTimeout());
    const cancel = whenLate(this.#env.clock, this.#timeoutMs, late);
    const over: Connect[1] = (...outcome) => {
      cancel();
      if (socket !== undefined) this.#connecting.delete(socket);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#begin(...next);
      callback(...outcome);
    };
    try {
      // undici gives back the socket, though its types do not say so.
      socket = this.#open(options)(options, over) as unknown as Socket;
      this.#connecting.add(socket);
    } catch (error) {
      over(error as Error, null); // it can not even begin
    }
  }
}

/** Who is asked to prove who it is can not: it has no TLS, or we have nothing to check a proof by. */
export class Unproven extends Error {
  override readonly name = 'Unproven';

  constructor(isSecure: boolean) {
    const lacks = isSecure ? 'its record says that it has no TLS' : 'there is no identity.certificate to check that by';
    super(`authenticate.peers wants it to prove who it is, and ${lacks}`);
  }
}

/** No connection was made in time. */
export class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout';
  readonly code = 'UND_ERR_CONNECT_TIMEOUT'; // what others look for

  constructor() {
    super('no connection was made in time');
  }
}
