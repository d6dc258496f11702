import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the network does to what passes. */
export interface Faults {
  /**
   * Keep back what goes to the server; `down`, what comes from it, be it that the server hangs up. The connection stays
   * open, and after the fault all of it arrives, in order, as TCP sees to it.
   */
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
  readonly pipes: readonly Pipe[];
}

/** A wire to a server that can be cut, reset, slowed and stopped. */
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
  /** Looks at each piece on its way to the server; what it returns is passed on. */
  onUp: ((piece: Buffer, near: Socket) => Buffer) | undefined;

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
    for (const { pipes } of this.#pairs) for (const pipe of pipes) pipe.pump();
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
      const pair: Pair = { near, far: undefined, pipes: [] };
      this.#pairs.add(pair);
      near.resume().on('close', () => this.#pairs.delete(pair));
      return;
    }
    this.#join(near, connect(this.#target()));
  }

  #join(near: Socket, far: Socket): void {
    let received = 0;
    const up = new Pipe(
      () => ({ held: this.#faults.holeUp, delayMs: this.#faults.delayMs }),
      (piece) => {
        this.up += piece.length;
        far.write(piece);
      },
    );
    const down = new Pipe(
      () => ({ held: this.#faults.holeDown, delayMs: this.#faults.delayMs }),
      (piece) => {
        const limit = this.#faults.truncateAfter ?? Number.POSITIVE_INFINITY;
        const part = piece.subarray(0, Math.max(0, limit - received));
        received += piece.length;
        this.down += part.length;
        near.write(part);
        if (received >= limit) near.end();
      },
    );
    const pair: Pair = { near, far, pipes: [up, down] };
    this.#pairs.add(pair);
    near.setNoDelay(true);
    far.setNoDelay(true);
    far.on('error', () => {});
    near.on('data', (piece: Buffer) => up.push(this.onUp === undefined ? piece : this.onUp(piece, near)));
    far.on('data', (piece: Buffer) => down.push(piece));
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
      for (const pipe of pair.pipes) pipe.close();
    };
    near.on('close', end);
    far.on('close', () => down.end(end));
  }
}

/** One direction of a connection: what is slow or stopped does not overtake itself. */
class Pipe {
  readonly #state: () => { held: boolean | undefined; delayMs: number | undefined };
  readonly #write: (piece: Buffer) => void;
  #queue: { readonly piece: Buffer; readonly due: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #over: (() => void) | undefined;

  constructor(state: () => { held: boolean | undefined; delayMs: number | undefined }, write: (piece: Buffer) => void) {
    this.#state = state;
    this.#write = write;
  }

  push(piece: Buffer): void {
    this.#queue.push({ piece, due: performance.now() + (this.#state().delayMs ?? 0) });
    this.pump();
  }

  /** No more comes; `over` is done once all has gone through. */
  end(over: () => void): void {
    this.#over = over;
    this.pump();
  }

  /** Lets through what may go by now. */
  pump(): void {
    clearTimeout(this.#timer);
    while (this.#queue.length > 0 && !this.#state().held) {
      const wait = this.#queue[0]!.due - performance.now();
      if (wait > 0 && this.#state().delayMs !== undefined) {
        this.#timer = setTimeout(() => this.pump(), wait);
        return;
      }
      this.#write(this.#queue.shift()!.piece);
    }
    if (this.#queue.length === 0 && !this.#state().held) this.#over?.();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#over = undefined;
  }
}
