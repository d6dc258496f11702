import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import { MeshError } from '../core/errors.ts';
import type { Cancel } from '../core/live.ts';
import { LEAVING_HEADER } from '../wire/nack.ts';
import { takeWaiting } from './backlog.ts';
import { Connection, SILENT_MS } from './connection.ts';
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

/**
 * A server that ends without cutting anybody off: told to leave, it asks clients to come back on no connection of theirs;
 * told to close, it answers what it was asked, and no more. Works on Node's http, https and http2 servers.
 */
export class GracefulServer {
  readonly #server: Server & Idling;
  readonly #leaving: () => boolean;
  readonly #clock: Clock;
  /** Over TLS, what was shaken hands on stands here as well. */
  readonly #connections = new Map<Socket, Connection>();
  readonly #sessions = new Set<Http2Session>();
  readonly #release: () => void;
  #open = false;
  #closing = false;
  /** Closes connections that the server had before we were told of it. */
  #closeOthers: () => void = () => {};

  /** `leaving` says whether others have been asked to call us no more. */
  constructor(server: Server, leaving: () => boolean, clock: Clock) {
    this.#server = server;
    this.#leaving = leaving;
    this.#clock = clock;
    const connected = (socket: Socket): void => void this.#connected(socket);
    const begun = (session: Http2Session & Socket): void => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      if (this.#closing) session.close(); // it shook hands before we closed, and was ready only after
    };
    const ended = (): void => {
      if (this.#open) this.release();
      this.#open = false;
    };
    server.on('connection', connected).on('secureConnection', connected).on('session', begun).on('close', ended);
    const unhear = onRequests(server, (request, response) => this.#take(request, response));
    this.#release = () => {
      server.off('connection', connected).off('secureConnection', connected).off('session', begun).off('close', ended);
      unhear();
    };
  }

  /** Hears no more of the server. It does so by itself when that has ended; it may be served again. */
  release(): void {
    this.#release();
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
    this.#open = true;
    const address = server.address() as AddressInfo | string;
    if (typeof address !== 'string') return address.port;
    throw new MeshError('request', `serve: the server listens on ${address}, and others reach a service by its port`);
  }

  /** Hears of the end of the server, whoever ends it. */
  onClosed(task: () => void): Cancel {
    this.#server.once('close', task);
    return () => void this.#server.off('close', task);
  }

  /**
   * Ends once all is answered; at once, and in the middle of it, when `giveUp` aborts. One that its owner closes already
   * has its answers to give as well.
   */
  async close(giveUp: AbortSignal): Promise<void> {
    if (!this.#open) return;
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.onClosed(resolve)); // `once` would reject for an error in between
    const giveBack = this.#judgeIdle();
    for (const connection of this.#connections.values()) connection.bidFarewell();
    await takeWaiting(this.#server, giveUp);
    this.#server.close();
    for (const session of this.#sessions) session.close(); // GOAWAY
    this.#closeSilent();
    const silent = this.#whenSilent(() => this.#closeSilent());
    const cut = (): void => {
      for (const connection of this.#connections.values()) connection.cut();
    };
    if (giveUp.aborted) cut();
    giveUp.addEventListener('abort', cut, { once: true });
    await closed;
    giveUp.removeEventListener('abort', cut);
    silent.cancel();
    giveBack();
    await handBack(this.#clock);
  }

  /** Whoever has idle connections closed, as a server's own `close` and frameworks do, has those closed that we find so. */
  #judgeIdle(): Cancel {
    const server = this.#server;
    const { closeIdleConnections } = server;
    if (closeIdleConnections === undefined) return () => {};
    const own = Object.getOwnPropertyDescriptor(server, 'closeIdleConnections');
    this.#closeOthers = () => closeIdleConnections.call(server);
    server.closeIdleConnections = () => this.#closeSilent();
    return () => {
      delete server.closeIdleConnections;
      if (own !== undefined) Object.defineProperty(server, 'closeIdleConnections', own);
    };
  }

  /** Browsers and load balancers open connections to have them, and keep those on which they were answered. */
  #closeSilent(): void {
    for (const connection of this.#connections.values()) this.#endIfSilent(connection);
    if (this.#connections.size === 0) this.#closeOthers();
  }

  /** Timers come before sockets: where this process was busy, what had come in time is not read yet when the time is up. */
  #whenSilent(end: () => void): Timer {
    const endIfOpen = (): void => {
      if (this.#open) end();
    };
    return this.#clock.schedule(SILENT_MS, () => REAL.afterTurn(endIfOpen));
  }

  #connected(socket: Socket): Connection {
    const connection = new Connection(socket, this.#clock.now());
    this.#connections.set(socket, connection);
    // Who comes while we close, as one does whose hands were being shaken, comes too late for all that looks through all.
    const silent = this.#closing ? this.#whenSilent(() => this.#endIfSilent(connection)) : undefined;
    socket.once('close', () => {
      silent?.cancel();
      this.#connections.delete(socket);
      if (this.#closing && this.#connections.size === 0) this.#closeOthers();
    });
    return connection;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const leaving = this.#leaving();
    if (leaving) response.setHeader(LEAVING_HEADER, 'true'); // who asks hears of it before the registry tells
    if (request.httpVersionMajor > 1) return; // its sessions know how to end
    const connection = this.#connections.get(request.socket) ?? this.#connected(request.socket);
    connection.asked(response);
    response.on('close', () => {
      if (request.complete) this.#answered(connection);
      else request.once('close', () => this.#answered(connection)); // an upload that was answered in the middle
    });
    if (leaving) connection.bidFarewell();
  }

  /** Who had begun to answer before we closed may have promised to keep the connection. */
  #answered(connection: Connection): void {
    connection.answered();
    if (this.#closing) this.#endIfSilent(connection);
  }

  #endIfSilent(connection: Connection): void {
    if (connection.isSilent(this.#clock.now())) connection.end();
  }
}

/**
 * Hears of requests before all others. A server of HTTP/2 that answers streams by itself is not to be listened to: who
 * listens to its requests has it answer them, too, and refuse what it does not know.
 */
function onRequests(server: Server, hear: (request: IncomingMessage, response: ServerResponse) => void): Cancel {
  const listen = (event: string): void => {
    if (event !== 'request') return;
    server.off('newListener', listen);
    server.prependListener('request', hear);
  };
  if (!('updateSettings' in server) || server.listenerCount('request') > 0) listen('request');
  else server.on('newListener', listen);
  return () => void server.off('newListener', listen).off('request', hear);
}
