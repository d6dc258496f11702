import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Cancel } from '../core/live.ts';
import { LEAVING_HEADER } from '../wire/nack.ts';

/** Where a server listens. */
export interface ListenOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** The address to listen on; all there are unless told. */
  readonly bind?: string | undefined;
}

interface Http2Session {
  close(): void;
}

/**
 * A server that ends without cutting anybody off: told to leave, it asks clients to come back on no connection of theirs;
 * told to close, it answers what it was asked, and no more. Works on Node's http, https and http2 servers.
 */
export class GracefulServer {
  readonly #server: Server;
  readonly #leaving: () => boolean;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<Http2Session>();
  readonly #responses = new Set<ServerResponse>();
  #closing = false;

  /** `leaving` says whether others have been asked to call us no more. */
  constructor(server: Server, leaving: () => boolean) {
    this.#server = server;
    this.#leaving = leaving;
    server.on('connection', (socket: Socket) => hold(this.#sockets, socket));
    server.on('session', (session: Http2Session & Socket) => hold(this.#sessions, session));
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#take(request, response),
    );
  }

  /** Listens, if it does not yet. Gives the port. @throws what the server does, such as EADDRINUSE. */
  async listen({ port, bind }: ListenOptions): Promise<number> {
    const server = this.#server;
    if (!server.listening)
      await once(bind === undefined ? server.listen(port) : server.listen(port, bind), 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Hears of the end of the server, whoever ends it. */
  onClosed(task: () => void): Cancel {
    this.#server.once('close', task);
    return () => void this.#server.off('close', task);
  }

  /** Ends once all is answered; at once, and in the middle of it, when `giveUp` aborts. */
  async close(giveUp: AbortSignal): Promise<void> {
    if (!this.#server.listening) return;
    this.#closing = true;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const session of this.#sessions) session.close(); // GOAWAY
    for (const response of this.#responses) bidFarewell(response);
    const cut = (): void => {
      for (const socket of this.#sockets) socket.destroy();
    };
    if (giveUp.aborted) cut();
    giveUp.addEventListener('abort', cut, { once: true });
    await closed;
    giveUp.removeEventListener('abort', cut);
  }

  #take({ httpVersionMajor }: IncomingMessage, response: ServerResponse): void {
    if (this.#leaving()) response.setHeader(LEAVING_HEADER, 'true'); // who asks hears of it before the registry tells
    if (httpVersionMajor > 1) return; // its sessions know how to end
    hold(this.#responses, response, () => this.#answered());
    if (this.#leaving()) bidFarewell(response);
  }

  /** Who had begun to answer before we closed may have promised to keep the connection. */
  #answered(): void {
    if (this.#closing && 'closeIdleConnections' in this.#server) (this.#server.closeIdleConnections as () => void)();
  }
}

/** Says `Connection: close`, where the headers have not left yet. */
function bidFarewell(response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

function hold<T extends { once(event: 'close', listener: () => void): unknown }>(
  held: Set<object>,
  one: T,
  gone: () => void = () => {},
): void {
  held.add(one);
  one.once('close', () => {
    held.delete(one);
    gone();
  });
}
