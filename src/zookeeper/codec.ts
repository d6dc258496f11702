import { errorOf, ZookeeperError } from './errors.ts';
import type { Library, Manager } from './library.ts';
import type { SessionKey } from './link.ts';
import type { Answer, Command, WatchEvent } from './operations.ts';
import { answerOf } from './replies.ts';
import { GET_DATA, long, Requests, XID_AUTH } from './requests.ts';

/** Where the codec's bytes go and what it tells. */
export interface Wire {
  write(bytes: Buffer): void;
  notify(event: WatchEvent): void;
}

type Done = (error: ZookeeperError | undefined, answer: Answer) => void;

/**
 * The bytes of ZooKeeper's protocol, in both directions, for one connection: a client of `node-zookeeper-client` that
 * was taken off its socket. It is fed whole frames and hands back frames; it never connects, waits, pings, retries or
 * watches. May throw on what a server should never send: whoever feeds it ends the connection then.
 */
export class Codec {
  readonly #requests: Requests;
  readonly #manager: Manager;
  readonly #wire: Wire;
  readonly #chroot: string;
  #error = 0; // of the reply that is being read; the client knows only some errors and throws on others
  #zxid: bigint;

  constructor(library: Library, wire: Wire, { chroot, timeoutMs, key, zxid }: CodecOptions) {
    this.#requests = new Requests(library, chroot);
    this.#wire = wire;
    this.#chroot = chroot;
    this.#zxid = zxid;
    const client = library.createClient('localhost', {
      ...{ sessionTimeout: timeoutMs, retries: 0, spinDelay: 1_000 },
      ...(key === undefined ? {} : { sessionId: long(key.id), sessionPassword: key.password }),
    });
    const manager = client.connectionManager;
    manager.connect = () => {};
    manager.xid = 1; // servers before 3.6 never finish a request whose number is 0
    manager.zxid = long(zxid);
    manager.socket = {
      write(bytes) {
        wire.write(bytes);
        return true; // few requests are ever open at once, so there is nothing to hold back
      },
      setTimeout: () => {}, // its pings are sent only when nothing arrives, which is not when a server needs them
      destroy: () => {
        throw new ZookeeperError('PROTOCOL', 'an answer came out of order');
      },
    };
    manager.watcherManager.emit = ({ type, path }) => this.#notify(type, path);
    this.#manager = manager;
  }

  /** Asks for a session: the first frame of a connection. */
  begin(): void {
    this.#manager.setState(CONNECTING);
    this.#manager.onSocketConnected();
  }

  /** Whether the server has answered, and how. */
  get state(): 'connecting' | 'connected' | 'expired' {
    if (this.#manager.state === CONNECTED) return 'connected';
    return this.#manager.state === SESSION_EXPIRED ? 'expired' : 'connecting';
  }

  /** The session that the server gave or kept. */
  get key(): SessionKey {
    return { id: this.#manager.sessionId.readBigInt64BE(), password: Buffer.from(this.#manager.sessionPassword) };
  }

  /** How long the server keeps the session without hearing from us. */
  get timeoutMs(): number {
    return this.#manager.sessionTimeout;
  }

  /** The latest moment of the ensemble's history that we have heard of. */
  get zxid(): bigint {
    return this.#zxid;
  }

  /** Takes one frame, its length in front. @throws what the client throws, or that the server refuses who we are. */
  take(frame: Buffer): void {
    if (this.state === 'connecting') {
      this.#takeGreeting(frame);
      return;
    }
    if (frame.length < 4 + REPLY_HEADER) throw malformed();
    const xid = frame.readInt32BE(4);
    this.#error = frame.readInt32BE(16);
    if (xid === XID_AUTH && this.#error !== 0) throw errorOf(this.#error, 'the credentials were refused');
    if (this.#error === UNIMPLEMENTED) this.#bringForward(xid);
    if (xid >= 0) {
      const zxid = frame.readBigInt64BE(8);
      if (zxid > this.#zxid) this.#zxid = zxid;
      if (this.#error !== 0)
        frame.writeInt32BE(-1, 16); // one that the client knows; #error keeps the true one
      else if (this.#manager.pendingQueue[0]?.request.header?.type === GET_DATA) checkLength(frame, 20);
    }
    this.#manager.onSocketData(frame);
  }

  /** Sends a command; `done` is called once, while its reply is being taken. */
  send(command: Command, done: Done): void {
    if (this.#manager.xid > LAST_XID) this.#manager.xid = 1; // it would overflow; few requests are ever open at once
    this.#manager.queue(this.#requests.of(command), (failed, response) => {
      const zxid = this.#zxid;
      if (failed) done(errorOf(this.#error || failed.code, `${command.is} ${pathOf(command)}`), { zxid });
      else done(undefined, { ...answerOf(response?.payload), zxid });
    });
  }

  /** Says that we are alive. */
  ping(): void {
    this.#manager.queue(this.#requests.ping());
  }

  /** Says who we are: `user:password`. A refusal is thrown by `take`. */
  authenticate(digest: string): void {
    this.#manager.queue(this.#requests.authenticate(digest));
  }

  /** A server that does not know a command says so at once, before it answers what was asked earlier; then hangs up. */
  #bringForward(xid: number): void {
    const waiting = this.#manager.pendingQueue;
    const at = waiting.findIndex(({ request }) => request.header?.xid === xid);
    if (at > 0) waiting.unshift(...waiting.splice(at, 1));
  }

  #takeGreeting(frame: Buffer): void {
    if (frame.length < 24) throw malformed();
    checkLength(frame, 20);
    this.#manager.onSocketData(frame);
  }

  #notify(type: number, path: string): void {
    const is = EVENTS[type] ?? 'other';
    const { length } = this.#chroot;
    if (path !== this.#chroot && length > 0 && !path.startsWith(`${this.#chroot}/`)) return;
    this.#wire.notify({ is, path: path.slice(length) || '/' });
  }
}

/** What a codec starts from. */
export interface CodecOptions {
  /** Put before every path, and taken off those that come back. */
  readonly chroot: string;
  /** The session timeout to ask for. */
  readonly timeoutMs: number;
  /** The session to go on with; a new one when there is none. */
  readonly key: SessionKey | undefined;
  readonly zxid: bigint;
}

const [CONNECTING, CONNECTED, SESSION_EXPIRED] = [1, 2, -3];
const UNIMPLEMENTED = -6;
const REPLY_HEADER = 16;
const LAST_XID = 2_000_000_000;
const EVENTS: Readonly<Record<number, WatchEvent['is']>> = { 1: 'created', 2: 'deleted', 3: 'changed', 4: 'children' };

const malformed = (): ZookeeperError => new ZookeeperError('PROTOCOL', 'the server sent what is not ZooKeeper');

/** Refuses a length that is longer than what came: the client would set aside that much memory first. */
function checkLength(frame: Buffer, at: number): void {
  if (frame.length < at + 4 || frame.readInt32BE(at) > frame.length - at - 4) throw malformed();
}

const pathOf = (command: Command): string => ('path' in command ? command.path : '');
