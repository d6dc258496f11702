import type { Socket } from 'node:net';
import type { Env } from '../core/env.ts';
import type { buildConnector } from './undici.ts';

const USUAL = { timeout: 0, allowH2: false };

/** Makes connections within a time, and knows those that are still being made, so that they can be given up. */
export class Connector {
  readonly #env: Env;
  readonly #timeoutMs: number;
  readonly #open: (options: buildConnector.Options) => buildConnector.connector;
  readonly #connecting = new Set<Socket>();

  /** `peers` are the SPIFFE IDs of which the other side must prove one, where we have a certificate. */
  constructor(env: Env, timeoutMs: number, build: typeof buildConnector, peers: readonly string[] = []) {
    this.#env = env;
    this.#timeoutMs = timeoutMs;
    const [usual, secure] = [build(USUAL), env.identity?.client];
    this.#open = ({ protocol }) =>
      secure === undefined || protocol !== 'https:' ? usual : build({ ...USUAL, ...secure.options(peers) }); // each connection with the certificate of its moment
  }

  readonly connect: buildConnector.connector = (options, callback) => {
    // undici's own timer is right to half a second only.
    const timer = this.#env.clock.schedule(this.#timeoutMs, () => socket.destroy(new ConnectTimeout()));
    // undici gives back the socket, though its types do not say so.
    const socket = this.#open(options)(options, (...outcome) => {
      timer.cancel();
      this.#connecting.delete(socket);
      callback(...outcome);
    }) as unknown as Socket;
    this.#connecting.add(socket);
  };

  /** Gives up what is being connected. */
  abandon(error: Error): void {
    for (const socket of this.#connecting) socket.destroy(error);
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
