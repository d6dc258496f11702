import type { Library, Payload } from './library.ts';
import type { Acl, Command, Step } from './operations.ts';

/** Makes requests out of commands, in the records of the client library. */
export class Requests {
  readonly #jute: Library['jute'];
  readonly #chroot: string;

  /** `chroot` is put before every path. */
  constructor({ jute }: Library, chroot: string) {
    this.#jute = jute;
    this.#chroot = chroot;
  }

  /** The request that asks for `command`. */
  of(command: Command): object {
    const [code, like, payload] = this.#encode(command);
    return new this.#jute.Request(new Header(code, like), payload);
  }

  /** Says that we are alive. */
  ping(): object {
    return new this.#jute.Request(new Header(PING, PING, XID_PING), null);
  }

  /** Says who we are: `user:password`. */
  authenticate(digest: string): object {
    const packet = new this.#jute.protocol.AuthPacket(0, 'digest', Buffer.from(digest));
    return new this.#jute.Request(new Header(AUTH, AUTH, XID_AUTH), packet);
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

const [CREATE, DELETE, EXISTS, SET_DATA, GET_ACL] = [1, 2, 3, 5, 6];
const [SYNC, PING, GET_CHILDREN2, CHECK, MULTI, REMOVE_WATCHES] = [9, 11, 12, 13, 14, 18];
const [CREATE_CONTAINER, CREATE_TTL, AUTH, ADD_WATCH, CLOSE_SESSION] = [19, 21, 100, 106, -11];
const XID_PING = -2;
const ANY_WATCH = 3;

/** The number by which a reply that holds data is known. */
export const GET_DATA = 4;
/** The number of the request that says who we are, and so of its reply. */
export const XID_AUTH = -4;

const flagsOf = (kind: Step extends infer S ? (S extends { kind: infer K } ? K : never) : never): number =>
  kind === 'ephemeral' ? 1 : kind === 'container' ? 4 : kind === 'persistent' ? 0 : 5;

/** A number of 64 bits, as the wire has it. */
export function long(value: bigint): Buffer {
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
