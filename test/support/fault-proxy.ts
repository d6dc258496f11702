import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the network does to what passes. */
export interface Faults {
  /** Swallow what goes to the server; `down`, what comes from it. The connection stays open. */
  readonly holeUp?: boolean;
  readonly holeDown?: boolean;
  /** Milliseconds that every piece waits, both ways. */
  readonly delayMs?: number;
  /** Take connections and never say anything. */
  readonly hang?: boolean;
  /** Refuse: take connections and close them at once. */
  readonly refuse?: boolean;
  /** Let this many bytes from the server through on each connection, then cut it: in the middle of a message. */
  readonly truncateAfter?: number;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket | undefined;
}

/** A wire to a server that can be cut, reset, slowed, and made to swallow things. */
export class FaultProxy implements AsyncDisposable {
  /** Bytes that have passed to the server and from it. */
  up = 0;
  down = 0;
  /** Connections taken so far. */
  connects = 0;
  #faults: Faults = {};
  readonly #target: () => { host: string; port: number };
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Looks at each piece on its way to the server; what it returns is passed on, `undefined` swallows it. */
  onUp: ((piece: Buffer, near: Socket) => Buffer | undefined) | undefined;
  /** Looks at each piece on its way from the server. */
  onDown: ((piece: Buffer) => Buffer | undefined) | undefined;

  private constructor(target: () => { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer((near) => this.#take(near));
  }

  static async to(target: { host: string; port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(() => target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How many connections are open through it. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Replaces all faults; `{}` heals. What is already open feels it too. */
  set(faults: Faults): this {
    this.#faults = faults;
    return this;
  }

  heal(): void {
    this.set({});
  }

  /** Closes what is open, politely. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far?.destroy();
    }
  }

  /** Closes what is open with a reset. */
  reset(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far?.destroy();
    }
  }

  /** Waits until somebody connects anew. */
  nextConnection(): Promise<void> {
    return new Promise((resolve) => this.#server.once('connection', () => resolve()));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #take(near: Socket): void {
    this.connects++;
    near.on('error', () => {});
    if (this.#faults.refuse) {
      near.destroy();
      return;
    }
    if (this.#faults.hang) {
      const pair: Pair = { near, far: undefined };
      this.#pairs.add(pair);
      near.resume().on('close', () => this.#pairs.delete(pair));
      return;
    }
    this.#join(near, connect(this.#target()));
  }

  #join(near: Socket, far: Socket): void {
    const pair: Pair = { near, far };
    this.#pairs.add(pair);
    let received = 0;
    near.setNoDelay(true);
    far.setNoDelay(true);
    far.on('error', () => {});
    near.on('data', (piece: Buffer) => {
      const seen = this.#faults.holeUp ? undefined : this.onUp === undefined ? piece : this.onUp(piece, near);
      if (seen === undefined) return;
      this.up += seen.length;
      this.#later(() => far.write(seen));
    });
    far.on('data', (piece: Buffer) => {
      const passed = this.#faults.holeDown ? undefined : this.onDown === undefined ? piece : this.onDown(piece);
      if (passed === undefined) return;
      const limit = this.#faults.truncateAfter ?? Number.POSITIVE_INFINITY;
      const part = passed.subarray(0, Math.max(0, limit - received));
      received += passed.length;
      this.down += part.length;
      this.#later(() => {
        near.write(part);
        if (received >= limit) near.end();
      });
    });
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on('close', end);
    far.on('close', end);
  }

  #later(task: () => void): void {
    if (this.#faults.delayMs === undefined) task();
    else setTimeout(task, this.#faults.delayMs);
  }
}
