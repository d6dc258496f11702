import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** For how long a connection may be open before anything is asked on it. */
export const SILENT_MS = 500;

/** A connection of a server, and what is asked on it over HTTP/1.1. */
export class Connection {
  readonly #socket: Socket;
  readonly #openedAt: number;
  #unanswered = 0;
  #last: ServerResponse | undefined; // of those that are not answered
  #farewell: ServerResponse | undefined;
  #heardBytes = 0; // of what was answered: where more have come, a request is on its way

  constructor(socket: Socket, openedAt: number) {
    this.#socket = socket;
    this.#openedAt = openedAt;
  }

  /** `response` is to answer what was asked now. */
  asked(response: ServerResponse): void {
    this.#unanswered++;
    this.#last = response;
  }

  /** One that was asked has its whole answer, or never gets one. */
  answered(): void {
    if (--this.#unanswered > 0) return;
    this.#last = this.#farewell = undefined;
    this.#heardBytes = this.#socket.bytesRead;
  }

  /**
   * Whether nobody waits for anything on it. What Node says is not asked: it takes an answer that was given for one that has
   * left, which a slow reader may not have had yet; a connection on which nothing was asked for busy; and from 26 on one on
   * which a request is on its way for idle. Who has just come has a moment to ask.
   */
  isSilent(now: number): boolean {
    if (this.#unanswered > 0 || this.#socket.bytesRead !== this.#heardBytes) return false;
    return this.#heardBytes > 0 || now - this.#openedAt >= SILENT_MS;
  }

  /**
   * Says `Connection: close` in the answer to what was asked last, where its headers have not left yet. Of requests that
   * came one behind the other (pipelining) the last says so: what follows would have no connection to be answered on.
   */
  bidFarewell(): void {
    const [last, before] = [this.#last, this.#farewell];
    if (last === undefined || last === before) return;
    if (before?.headersSent === false) before.shouldKeepAlive = true;
    this.#farewell = last;
    last.shouldKeepAlive = false;
    insist(last);
  }

  /** Ends it, once what was written has left. */
  end(): void {
    this.#socket.destroySoon();
  }

  /** Ends it, in the middle of whatever it is. */
  cut(): void {
    this.#socket.destroy();
  }
}

/** A handler may have set a header that says it keeps the connection, as proxies do that pass an answer on. */
function insist(response: ServerResponse): void {
  const { writeHead } = response;
  response.writeHead = (...how: unknown[]) => {
    if (!response.shouldKeepAlive && response.hasHeader('connection')) response.setHeader('connection', 'close');
    return Reflect.apply(writeHead, response, how);
  };
}
