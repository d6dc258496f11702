import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Task } from '../kit/competitor.ts';
import { lanes } from '../kit/measure.ts';

// Who calls in this contest: `caller.ts <url> <headers as JSON>`. Calls for as long as it is told, and says how it went.
// It must not be what is measured: it does next to nothing for an answer, so that the server is never without a request,
// and it never sleeps. A server that answers a caller who sleeps has to wake it, which costs the one that answers five
// times what the mesh does, and the more often the slower it is.

const MOST = 128; // connections
const END = '\r\n\r\n';

const [url = '', headers = '{}'] = process.argv.slice(2);
const { hostname, port, host } = new URL(url);
const lines = Object.entries(JSON.parse(headers) as Record<string, string>).map(
  ([name, value]) => `${name}: ${value}\r\n`,
);
const request = Buffer.from(`GET /orders/42 HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}\r\n`);

/** A connection that is kept, for one request after the other. */
class Line {
  readonly #socket: Socket;
  #read = '';
  #answered: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => this.#take(data.toString('latin1')));
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('close', () => this.#failed?.(new Error(`${url} hung up`)));
  }

  static async open(): Promise<Line> {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new Line(socket.setNoDelay());
  }

  get(): Promise<void> {
    return new Promise((resolve, reject) => {
      [this.#answered, this.#failed] = [resolve, reject];
      this.#socket.write(request);
    });
  }

  #take(text: string): void {
    this.#read += text;
    const head = this.#read.indexOf(END);
    if (head < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#read)?.[1];
    if (!this.#read.startsWith('HTTP/1.1 200 ') || length === undefined) {
      this.#failed?.(new Error(`${url} answered ${this.#read}`));
      return;
    }
    if (this.#read.length < head + END.length + Number(length)) return;
    this.#read = '';
    this.#answered?.();
  }
}

const all = await Promise.all(Array.from({ length: MOST }, () => Line.open()));

async function call({ concurrency, ms }: Task): Promise<void> {
  let calling = true;
  const stayAwake = (): void => void (calling && setImmediate(stayAwake));
  stayAwake();
  const free = all.slice(0, concurrency);
  const get = async (): Promise<void> => {
    const line = free.pop()!;
    await line.get();
    free.push(line);
  };
  const figures = await lanes(get, concurrency!, ms!);
  calling = false;
  process.send!(figures);
}

process.on('message', (task: Task) => {
  call(task).catch((error: unknown) => {
    console.error('bench/serve:', error);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
process.send!('ready');
