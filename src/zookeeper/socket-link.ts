import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock, Timer } from '../core/clock.ts';
import { Codec } from './codec.ts';
import { connectionLoss, ZookeeperError } from './errors.ts';
import { Frames } from './frames.ts';
import { loadLibrary } from './library.ts';
import type { Link, LinkOptions, OpenLink, SessionKey } from './link.ts';
import { closeSession, type Operation, sync, type WatchEvent } from './operations.ts';

/**
 * Connects, agrees on the session, says who we are, and waits until the server has caught up with its leader. Rejects
 * with a ZookeeperError: `EXPIRED` when the session is gone, `REFUSED` when the server hung up without a word.
 */
export const openLink: OpenLink = async (options) => {
  const library = await loadLibrary();
  const { tls, lookup } = options;
  const { host, port } = options.server;
  const socket =
    tls === undefined
      ? connectTcp({ host, port, lookup })
      : connectTls({ secureContext: tls, host, port, lookup, servername: nameFor(host) });
  const link = new SocketLink(socket, options, (wire) => new Codec(library, wire, options));
  return link.open(tls === undefined ? 'connect' : 'secureConnect');
};

/** A name for the server to choose its certificate by; addresses may not be asked for by name. */
const nameFor = (host: string): string => (/^[\d.]+$|:/.test(host) ? '' : host);

interface Open {
  readonly at: number;
  fail(error: ZookeeperError): void;
}

const LATE_MS = 50; // a timer this late means that the process stood still, and so may what has come meanwhile

class SocketLink implements Link {
  heardAt: number;
  readonly #socket: Socket;
  readonly #options: LinkOptions;
  readonly #clock: Clock;
  readonly #codec: Codec;
  readonly #frames = new Frames();
  readonly #open = new Set<Open>(); // in the order of asking, which is that of the answers
  #timers: Timer[] = [];
  #ended: ZookeeperError | undefined;
  #up = false;

  constructor(
    socket: Socket,
    options: LinkOptions,
    codec: (wire: { write(bytes: Buffer): void; notify(event: WatchEvent): void }) => Codec,
  ) {
    this.#socket = socket;
    this.#options = options;
    this.#clock = options.clock;
    this.heardAt = this.#clock.now();
    this.#codec = codec({
      write: (bytes) => void socket.write(bytes),
      notify: (event) => queueMicrotask(() => options.onEvent(event)),
    });
    socket.setNoDelay(true);
    socket.unref();
    socket.on('data', (piece) => this.#guard(() => this.#take(piece)));
    socket.on('error', (error) =>
      this.#end(errorText(error) === 'ECONNRESET' ? this.#hungUp() : connectionLoss(errorText(error))),
    );
    socket.on('close', () => this.#end(this.#hungUp()));
  }

  get key(): SessionKey {
    return this.#codec.key;
  }

  get timeoutMs(): number {
    return this.#codec.timeoutMs;
  }

  get zxid(): bigint {
    return this.#codec.zxid;
  }

  /** @throws ZookeeperError when it does not come about in time. */
  async open(ready: 'connect' | 'secureConnect'): Promise<Link> {
    await new Promise<void>((resolve, reject) => {
      const open = { at: this.#clock.now(), fail: reject };
      this.#open.add(open);
      this.#after(this.#options.handshakeMs, () => {
        this.#end(new ZookeeperError('TIMEOUT', `no answer within ${Math.round(this.#options.handshakeMs)} ms`));
      });
      this.#socket.once(ready, async () => {
        await this.#options.before?.();
        if (this.#ended === undefined) this.#guard(() => this.#codec.begin());
      });
      this.#greeted = () => {
        this.#open.delete(open);
        resolve();
      };
    });
    this.#stopTimers();
    this.#watchOver();
    this.#keepAlive();
    if (this.#options.digest !== undefined) this.#codec.authenticate(this.#options.digest);
    // Answered, the server is in touch with its leader, and knows what that knew.
    await this.ask(sync('/')).catch((error: ZookeeperError) => {
      this.#end(error); // nobody would: it would keep its session alive for as long as the server lets it
      throw error;
    });
    this.#up = true;
    if (this.#ended !== undefined) throw this.#ended;
    return this;
  }

  ask<T>({ command, read }: Operation<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(connectionLoss(this.#ended.message));
      const open = { at: this.#clock.now(), fail: reject };
      this.#open.add(open);
      this.#guard(() =>
        this.#codec.send(command, (error, answer) => {
          this.#open.delete(open);
          if (error === undefined) resolve(read(answer));
          else reject(error);
        }),
      );
    });
  }

  async close(waitMs: number): Promise<void> {
    this.#after(waitMs, () => this.destroy('the session was closed, without an answer'));
    await this.ask(closeSession).catch(() => {}); // answered or not, nothing of it is left
    this.destroy('the session was closed');
  }

  destroy(why: string): void {
    this.#end(connectionLoss(why));
  }

  #greeted = (): void => {};

  #take(piece: Buffer): void {
    this.heardAt = this.#clock.now();
    this.#frames.push(piece, (frame) => {
      if (this.#ended !== undefined) return;
      const before = this.#codec.state;
      this.#codec.take(frame);
      if (before !== 'connecting') return;
      if (this.#codec.state === 'expired') throw new ZookeeperError('EXPIRED', 'the session is no more');
      this.#greeted();
    });
  }

  /** Nothing that a server sends may come out of a socket's event as an exception. */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#end(error instanceof ZookeeperError ? error : new ZookeeperError('PROTOCOL', errorText(error), error));
    }
  }

  #end(error: ZookeeperError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#stopTimers();
    this.#socket.destroy();
    const open = [...this.#open];
    this.#open.clear();
    const lost = this.#up ? connectionLoss(error.message) : error; // to who asked, one end is like another
    for (const { fail } of open) fail(lost);
    if (this.#up) queueMicrotask(() => this.#options.onEnd(error));
  }

  #hungUp(): ZookeeperError {
    if (this.#codec.state === 'connected') return connectionLoss('the server closed the connection');
    return new ZookeeperError('REFUSED', 'the server hung up without an answer');
  }

  /**
   * Ends the link when nothing has come for two thirds of the session timeout, or when an answer has been due as long:
   * answers come in order, so one that is late means that the server is sick.
   */
  #watchOver(graced = false): void {
    const limit = (this.timeoutMs * 2) / 3;
    const oldest = this.#open.values().next().value?.at ?? Number.POSITIVE_INFINITY;
    const due = Math.min(this.heardAt, oldest) + limit;
    const late = this.#clock.now() - due;
    if (late < 0) this.#after(-late, () => this.#watchOver());
    else if (late > LATE_MS && !graced)
      this.#after(1, () => this.#watchOver(true)); // read what came meanwhile
    else
      this.#end(connectionLoss(due === this.heardAt + limit ? 'the server has gone silent' : 'an answer is overdue'));
  }

  #keepAlive(): void {
    this.#after(this.timeoutMs / 6, () => {
      this.#guard(() => this.#codec.ping());
      if (this.#ended === undefined) this.#keepAlive();
    });
  }

  #after(ms: number, task: () => void): void {
    if (this.#ended !== undefined) return;
    const timer = this.#clock.schedule(ms, () => {
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      task();
    });
    timer.hold(false); // whoever waits for something keeps the process alive; being connected does not
    this.#timers.push(timer);
  }

  #stopTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}

const errorText = (error: unknown): string => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message).slice(0, 200);
};
