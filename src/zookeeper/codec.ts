import { errorOf, ZookeeperError } from './errors.ts';
import type { Library, Manager, Payload, RawReply, RawStat } from './library.ts';
import type { Acl, Answer, Command, Stat, Step, WatchEvent } from './operations.ts';

/** What a session is known by. The password proves that it is ours: a secret. */
export interface SessionKey {
  readonly id: bigint;
  readonly password: Buffer;
}

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
  readonly #jute: Library['jute'];
  readonly #manager: Manager;
  readonly #wire: Wire;
  readonly #chroot: string;
  #error = 0; // of the reply that is being read; the client knows only some errors and throws on others
  #zxid: bigint;

  constructor(library: Library, wire: Wire, { chroot, timeoutMs, key, zxid }: CodecOptions) {
    this.#jute = library.jute;
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
    const [code, like, payload] = this.#encode(command);
    this.#manager.queue(new this.#jute.Request(new Header(code, like), payload), (failed, response) => {
      const zxid = this.#zxid;
      if (failed) done(errorOf(this.#error || failed.code, `${command.is} ${pathOf(command)}`), { zxid });
      else done(undefined, { ...answerOf(response?.payload), zxid });
    });
  }

  /** Says that we are alive. */
  ping(): void {
    this.#manager.queue(new this.#jute.Request(new Header(PING, PING, XID_PING), null));
  }

  /** Says who we are: `user:password`. A refusal is thrown by `take`. */
  authenticate(digest: string): void {
    const packet = new this.#jute.protocol.AuthPacket(0, 'digest', Buffer.from(digest));
    this.#manager.queue(new this.#jute.Request(new Header(AUTH, AUTH, XID_AUTH), packet));
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

  #path(path: string): string {
    return path === '/' ? this.#chroot || '/' : this.#chroot + path;
  }

  /** The command's number on the wire, the number of one whose reply looks the same, and what it carries. */
  #encode(command: Command): [code: number, like: number, payload: Payload | null] {
    const { protocol } = this.#jute;
    if (command.is === 'closeSession') return [CLOSE_SESSION, CLOSE_SESSION, null];
    if (command.is === 'multi') {
      return [MULTI, MULTI, new this.#jute.TransactionRequest(command.steps.map((step) => this.#step(step)))];
    }
    const path = this.#path(command.path);
    switch (command.is) {
      case 'create':
        return this.#encodeCreate(path, command);
      case 'delete':
        return [DELETE, DELETE, new protocol.DeleteRequest(path, command.version)];
      case 'check':
        return [CHECK, DELETE, new protocol.CheckVersionRequest(path, command.version)];
      case 'setData':
        return [SET_DATA, SET_DATA, new protocol.SetDataRequest(path, command.data, command.version)];
      case 'exists':
        return [EXISTS, EXISTS, new protocol.ExistsRequest(path, command.watch)];
      case 'getData':
        return [GET_DATA, GET_DATA, new protocol.GetDataRequest(path, command.watch)];
      case 'getChildren':
        return [GET_CHILDREN2, GET_CHILDREN2, new protocol.GetChildren2Request(path, command.watch)];
      case 'getAcl':
        return [GET_ACL, GET_ACL, new protocol.GetACLRequest(path)];
      case 'sync': // the reply holds a path, as that of a create does
        return [SYNC, CREATE, new protocol.GetACLRequest(path)];
      case 'addWatch': // a path and a number, as a delete has
        return [ADD_WATCH, DELETE, new protocol.DeleteRequest(path, command.recursive ? 1 : 0)];
      case 'removeWatches':
        return [REMOVE_WATCHES, DELETE, new protocol.DeleteRequest(path, ANY_WATCH)];
    }
  }

  #encodeCreate(path: string, { data, acl, kind }: Step & { is: 'create' }): [number, number, Payload] {
    const record = new this.#jute.protocol.CreateRequest(path, data, acl.map(this.#acl), flagsOf(kind));
    if (kind === 'container') return [CREATE_CONTAINER, CREATE, record];
    if (typeof kind === 'object') return [CREATE_TTL, CREATE, withTail(record, long(BigInt(kind.ttlMs)))];
    return [CREATE, CREATE, record];
  }

  readonly #acl = ({ permissions, scheme, id }: Acl): Payload =>
    new this.#jute.data.ACL(permissions, new this.#jute.data.Id(scheme, id));

  /** A step as the client's transaction wants it, but with versions that are what they say. */
  #step(step: Step): unknown {
    const path = this.#path(step.path);
    if (step.is === 'delete') return { type: DELETE, path, version: step.version };
    if (step.is === 'check') return { type: CHECK, path, version: step.version };
    const acls = step.acl.map((acl) => ({ toRecord: () => this.#acl(acl) }));
    return { type: CREATE, path, data: step.data, acls, mode: flagsOf(step.kind) };
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

const [CREATE, DELETE, EXISTS, GET_DATA, SET_DATA, GET_ACL] = [1, 2, 3, 4, 5, 6];
const [SYNC, PING, GET_CHILDREN2, CHECK, MULTI, REMOVE_WATCHES] = [9, 11, 12, 13, 14, 18];
const [CREATE_CONTAINER, CREATE_TTL, AUTH, ADD_WATCH, CLOSE_SESSION] = [19, 21, 100, 106, -11];
const [XID_PING, XID_AUTH] = [-2, -4];
const [CONNECTING, CONNECTED, SESSION_EXPIRED] = [1, 2, -3];
const UNIMPLEMENTED = -6;
const ANY_WATCH = 3;
const REPLY_HEADER = 16;
const LAST_XID = 2_000_000_000;
const EVENTS: Readonly<Record<number, WatchEvent['is']>> = { 1: 'created', 2: 'deleted', 3: 'changed', 4: 'children' };

const malformed = (): ZookeeperError => new ZookeeperError('PROTOCOL', 'the server sent what is not ZooKeeper');

/** Refuses a length that is longer than what came: the client would set aside that much memory first. */
function checkLength(frame: Buffer, at: number): void {
  if (frame.length < at + 4 || frame.readInt32BE(at) > frame.length - at - 4) throw malformed();
}

const flagsOf = (kind: Step extends infer S ? (S extends { kind: infer K } ? K : never) : never): number =>
  kind === 'ephemeral' ? 1 : kind === 'container' ? 4 : kind === 'persistent' ? 0 : 5;

const pathOf = (command: Command): string => ('path' in command ? command.path : '');

function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** A request header that says one thing to the server and another to the reader of the reply. */
class Header {
  xid: number;
  readonly type: number; // what the client looks at when the reply comes
  readonly #code: number;

  constructor(code: number, like: number, xid = 0) {
    this.#code = code;
    this.type = like;
    this.xid = xid;
  }

  byteLength(): number {
    return 8;
  }

  serialize(buffer: Buffer, offset: number): number {
    buffer.writeInt32BE(this.xid, offset);
    buffer.writeInt32BE(this.#code, offset + 4);
    return 8;
  }
}

const withTail = (record: Payload, tail: Buffer): Payload => ({
  byteLength: () => record.byteLength() + tail.length,
  serialize: (buffer, offset) => {
    const size = record.serialize(buffer, offset);
    return size + tail.copy(buffer, offset + size);
  },
});

function answerOf(payload: RawReply | null | undefined): Omit<Answer, 'zxid'> {
  if (!payload) return {};
  return {
    ...(payload.stat && { stat: statOf(payload.stat) }),
    ...(payload.data && { data: payload.data }),
    ...(payload.children && { children: payload.children }),
    ...(payload.acl && {
      acl: payload.acl.map(({ perms, id }) => ({ permissions: perms, scheme: id.scheme, id: id.id })),
    }),
    ...(payload.results && { errors: payload.results.map((result) => result.err ?? 0) }),
  };
}

const statOf = (raw: RawStat): Stat => ({
  czxid: raw.czxid.readBigInt64BE(),
  ctime: raw.ctime.readBigInt64BE(),
  mzxid: raw.mzxid.readBigInt64BE(),
  pzxid: raw.pzxid.readBigInt64BE(),
  ephemeralOwner: raw.ephemeralOwner.readBigInt64BE(),
  version: raw.version,
  dataLength: raw.dataLength,
  numChildren: raw.numChildren,
});
