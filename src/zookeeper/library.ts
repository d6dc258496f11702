/** Loads the client library, once somebody needs it: it is most of what a mesh without ZooKeeper need not load. */
export async function loadLibrary(): Promise<Library> {
  const [client, jute] = await Promise.all([
    import('node-zookeeper-client'),
    // @ts-expect-error: the package has no types for its codec; `Jute` says what we use, and a test holds it to that
    import('node-zookeeper-client/lib/jute/index.js'),
  ]);
  return { createClient: client.default.createClient as unknown as Library['createClient'], jute: jute.default };
}

/** The parts of the client library that we rely on, internals included. */
export interface Library {
  readonly createClient: (servers: string, options: object) => { readonly connectionManager: Manager };
  readonly jute: Jute;
}

export interface Payload {
  byteLength(): number;
  serialize(buffer: Buffer, offset: number): number;
}

type RecordClass = new (...fields: unknown[]) => Payload;

interface Jute {
  readonly Request: new (header: object, payload: Payload | null) => object;
  readonly TransactionRequest: new (steps: readonly unknown[]) => Payload;
  readonly protocol: Readonly<Record<(typeof RECORDS)[number], RecordClass>>;
  readonly data: { readonly ACL: RecordClass; readonly Id: RecordClass };
}

/** The records that we make. */
export const RECORDS = [
  'AuthPacket',
  'CreateRequest',
  'DeleteRequest',
  'CheckVersionRequest',
  'SetDataRequest',
  'ExistsRequest',
  'GetDataRequest',
  'GetChildren2Request',
  'GetACLRequest',
] as const;

export interface Manager {
  state: number;
  xid: number;
  zxid: Buffer;
  sessionId: Buffer;
  sessionPassword: Buffer;
  sessionTimeout: number;
  connect: () => void;
  socket: { write(bytes: Buffer): boolean; setTimeout(): void; destroy(): void };
  readonly watcherManager: { emit: (event: { readonly type: number; readonly path: string }) => void };
  readonly pendingQueue: {
    readonly request: { readonly header: { readonly type: number; readonly xid: number } | null };
  }[];
  setState(state: number): void;
  onSocketConnected(): void;
  onSocketData(frame: Buffer): void;
  queue(
    request: object,
    done?: (error: { code: number } | null, response?: { payload: RawReply | null }) => void,
  ): void;
}

export interface RawStat {
  readonly czxid: Buffer;
  readonly ctime: Buffer;
  readonly mzxid: Buffer;
  readonly pzxid: Buffer;
  readonly ephemeralOwner: Buffer;
  readonly version: number;
  readonly dataLength: number;
  readonly numChildren: number;
}

export interface RawReply {
  readonly stat?: RawStat;
  readonly data?: Buffer;
  readonly children?: readonly string[];
  readonly acl?: readonly { readonly perms: number; readonly id: { readonly scheme: string; readonly id: string } }[];
  readonly results?: readonly { readonly err?: number }[];
}
