import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { MeshError } from '../core/errors.ts';
import type { Cancel } from '../core/live.ts';
import { LEAVING_HEADER } from '../wire/nack.ts';
import { REAL } from './event-loop.ts';
import { handBack } from './hand-back.ts';

/** Where a server listens. */
export interface ListenOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** The address to listen on; all there are unless told. */
  readonly bind?: string | undefined;
}

/** Servers of HTTP/1.1 have it; of HTTP/2 those have that speak both. */
interface Idling {
  closeIdleConnections?: () => void;
}

interface Http2Session {
  close(): void;
}

const SILENT_MS = 500; // for which a connection may be open before anything is asked on it

/**
 * A server that ends without cutting anybody off: told to leave, it asks clients to come back on no connection of theirs;
 * told to close, it answers what it was asked, and no more. Works on Node's http, https and http2 servers.
 */
export class GracefulServer {
  readonly #server: Server & Idling;
  readonly #leaving: () => boolean;
  readonly #clock: Clock;
  /** Connections, and when each was opened; over TLS, what was shaken hands on stands here as well. */
  readonly #sockets = new Map<Socket, number>();
  readonly #sessions = new Set<Http2Session>();
  readonly #responses = new Set<ServerResponse>();
  /** The last answer of each connection, once it says that it is. */
  readonly #farewells = new WeakMap<Socket, ServerResponse>();
  #closing = false;

  /** `leaving` says whether others have been asked to call us no more. */
  constructor(server: Server, leaving: () => boolean, clock: Clock) {
    this.#server = server;
    this.#leaving = leaving;
    this.#clock = clock;
    const connected = (socket: Socket): void => {
      this.#sockets.set(socket, clock.now());
      socket.once('close', () => this.#sockets.delete(socket));
    };
    server.on('connection', connected);
    server.on('secureConnection', connected);
    server.on('session', (session: Http2Session & Socket) => {
      hold(this.#sessions, session);
      if (this.#closing) session.close(); // it shook hands before we closed, and was ready only after
    });
    onRequests(server, (request, response) => this.#take(request, response));
  }

  /**
   * Listens, if it does not yet. Gives the port.
   * @throws what the server does, such as EADDRINUSE; MeshError INVALID_ARGUMENT when it listens on a pipe.
   */
  async listen({ port, bind }: ListenOptions): Promise<number> {
    const server = this.#server;
    if (!server.listening) await new Promise<void>(REAL.afterTurn); // `app.listen(3000, '10.0.0.1')` of just now begins then
    if (!server.listening)
      await once(bind === undefined ? server.listen(port) : server.listen(port, bind), 'listening');
    const address = server.address() as AddressInfo | string;
    if (typeof address !== 'string') return address.port;
    throw new MeshError('request', `serve: the server listens on ${address}, and others reach a service by its port`);
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
    const spared = this.#spareAnswers();
    this.#server.close();
    for (const session of this.#sessions) session.close(); // GOAWAY
    for (const response of this.#responses) this.#bidFarewell(response);
    this.#closeSilent();
    const silent = this.#clock.schedule(SILENT_MS, () => this.#closeSilent());
    const cut = (): void => {
      for (const socket of this.#sockets.keys()) socket.destroy();
    };
    if (giveUp.aborted) cut();
    giveUp.addEventListener('abort', cut, { once: true });
    await closed;
    giveUp.removeEventListener('abort', cut);
    silent.cancel();
    spared();
    await handBack(this.#clock);
  }

  /**
   * Node takes an answer that was given for one that has left: closing what is idle, it would cut off what a slow reader
   * has not had yet. And from Node 26 on it takes a connection for idle on which a request is on its way. So nothing is
   * closed as idle, by us or by a framework, before all that was given has left, and who just came has had time to ask.
   */
  #spareAnswers(): Cancel {
    const server = this.#server;
    const { closeIdleConnections } = server;
    if (closeIdleConnections === undefined) return () => {};
    const own = Object.getOwnPropertyDescriptor(server, 'closeIdleConnections');
    server.closeIdleConnections = () => {
      for (const { writableEnded, writableFinished } of this.#responses) if (writableEnded && !writableFinished) return;
      const until = this.#clock.now() - SILENT_MS;
      for (const [socket, openedAt] of this.#sockets) if (socket.bytesRead === 0 && openedAt > until) return;
      closeIdleConnections.call(server);
    };
    return () => {
      delete server.closeIdleConnections;
      if (own !== undefined) Object.defineProperty(server, 'closeIdleConnections', own);
    };
  }

  /** Browsers and load balancers open connections to have them; until Node 26 they are taken for busy. */
  #closeSilent(): void {
    const until = this.#clock.now() - SILENT_MS;
    for (const [socket, openedAt] of this.#sockets) if (socket.bytesRead === 0 && openedAt <= until) socket.destroy();
    this.#server.closeIdleConnections?.();
  }

  #take({ httpVersionMajor }: IncomingMessage, response: ServerResponse): void {
    if (this.#leaving()) response.setHeader(LEAVING_HEADER, 'true'); // who asks hears of it before the registry tells
    if (httpVersionMajor > 1) return; // its sessions know how to end
    hold(this.#responses, response, () => this.#answered());
    if (this.#leaving()) this.#bidFarewell(response);
  }

  /**
   * Says `Connection: close`, where the headers have not left yet. Of requests that came one behind the other on a
   * connection (pipelining) the last says so: what follows would have no connection to be answered on.
   */
  #bidFarewell(response: ServerResponse): void {
    const { socket } = response.req;
    const before = this.#farewells.get(socket);
    if (before?.headersSent === false) before.shouldKeepAlive = true;
    this.#farewells.set(socket, response);
    response.shouldKeepAlive = false;
  }

  /** Who had begun to answer before we closed may have promised to keep the connection. */
  #answered(): void {
    if (this.#closing) this.#server.closeIdleConnections?.();
  }
}

/**
 * Hears of requests before all others. A server of HTTP/2 that answers streams by itself is not to be listened to: who
 * listens to its requests has it answer them, too, and refuse what it does not know.
 */
function onRequests(server: Server, hear: (request: IncomingMessage, response: ServerResponse) => void): void {
  const listen = (event: string): void => {
    if (event !== 'request') return;
    server.off('newListener', listen);
    server.prependListener('request', hear);
  };
  if (!('updateSettings' in server) || server.listenerCount('request') > 0) listen('request');
  else server.on('newListener', listen);
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
