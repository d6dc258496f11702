import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Wire } from '../core/incoming.ts';

/** By connection, those of whose answers stand behind another on it (pipelining). */
const queues = new WeakMap<Socket, Set<NodeWire>>();

/** The wire as `node:http` and the compatible face of `node:http2` show it. */
export class NodeWire implements Wire {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #first: (() => void) | undefined; // nearly all have two who ask, so they need no list
  #second: (() => void) | undefined;
  #others: (() => void)[] | undefined;
  #behind: Set<NodeWire> | undefined;
  #ended = false;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  get secure(): boolean {
    return (this.#request.socket as Partial<TLSSocket> | undefined)?.encrypted === true;
  }

  get protocol(): string {
    const { httpVersion } = this.#request;
    return httpVersion === '2.0' ? '2' : httpVersion;
  }

  get peer(): string {
    return this.#request.socket?.remoteAddress ?? '';
  }

  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 0;
  }

  get whole(): boolean {
    return this.#response.writableFinished ?? this.#response.writableEnded; // http2 knows only the latter
  }

  header(name: string): string | undefined {
    const value = this.#response.getHeader(name) ?? this.#trailers?.[name];
    return value === undefined ? undefined : String(value);
  }

  /** What was sent behind the answer: http2 keeps it, and http does not. */
  get #trailers(): Readonly<Record<string, unknown>> | undefined {
    const { stream } = this.#response as ServerResponse & { readonly stream?: Partial<ServerHttp2Stream> };
    return stream?.sentTrailers;
  }

  /**
   * One listener for all who ask, before those of others: who records the request as well may still be told its route.
   * Who asks when it is over is told at once.
   */
  onEnd(tell: () => void): boolean {
    if (this.#ended) tell();
    else if (this.#first === undefined) {
      this.#first = tell;
      this.#response.prependListener('close', () => this.#end()); // comes once, and `once` would cost more
      if (this.#request.httpVersionMajor === 1 && this.#response.socket === null) this.#standBehind();
    } else if (this.#second === undefined) this.#second = tell;
    else if (this.#others === undefined) this.#others = [tell];
    else this.#others.push(tell);
    return true;
  }

  /** Tells when the caller hangs up before it has its answer. */
  onHangUp(tell: () => void): void {
    this.onEnd(() => {
      if (!this.#response.writableEnded) tell();
    });
  }

  /** Settles when the answer has left or the caller has. */
  over(): Promise<void> {
    return new Promise((resolve) => void this.onEnd(resolve));
  }

  /** Node 22 tells an answer that stands behind another nothing when their connection is lost. */
  #standBehind(): void {
    const { socket } = this.#request;
    let all = queues.get(socket);
    if (all === undefined) {
      const wires = new Set<NodeWire>();
      queues.set(socket, wires);
      socket.once('close', () => {
        for (const wire of wires) wire.#end();
      });
      all = wires;
    }
    all.add(this);
    this.#behind = all;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#behind?.delete(this);
    this.#first?.();
    this.#second?.();
    for (const end of this.#others ?? []) end();
  }
}
