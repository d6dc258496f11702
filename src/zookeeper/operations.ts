/** What a node of the tree says about itself. Zxids are moments in the history of the ensemble. */
export interface Stat {
  /** When it was created. */
  readonly czxid: bigint;
  /** When it was created, in milliseconds since 1970 began, by the calendar of the server. */
  readonly ctime: bigint;
  /** When its data last changed. */
  readonly mzxid: bigint;
  /** When a child of it last came or went. */
  readonly pzxid: bigint;
  /** The session that it lives and dies with; 0 when it stays. */
  readonly ephemeralOwner: bigint;
  /** How often its data has changed. */
  readonly version: number;
  readonly dataLength: number;
  readonly numChildren: number;
}

/** Who may do what with a node. */
export interface Acl {
  readonly permissions: number;
  readonly scheme: string;
  readonly id: string;
}

/** How long a node lives: for ever, with its session, while it has children, or for a time without changes. */
export type Kind = 'persistent' | 'ephemeral' | 'container' | { readonly ttlMs: number };

/** One step of an atomic operation. Versions are meant as they are said: 0 is 0, and -1 is any. */
export type Step =
  | { readonly is: 'create'; readonly path: string; readonly data: Buffer; readonly acl: readonly Acl[]; kind: Kind }
  | { readonly is: 'delete'; readonly path: string; readonly version: number }
  | { readonly is: 'check'; readonly path: string; readonly version: number };

/** What is asked of a server, in words that no client library owns. */
export type Command =
  | Step
  | { readonly is: 'setData'; readonly path: string; readonly data: Buffer; readonly version: number }
  | { readonly is: 'exists' | 'getData' | 'getChildren'; readonly path: string; readonly watch: boolean }
  | { readonly is: 'getAcl'; readonly path: string }
  | { readonly is: 'sync'; readonly path: string }
  | { readonly is: 'addWatch'; readonly path: string; readonly recursive: boolean }
  | { readonly is: 'removeWatches'; readonly path: string }
  | { readonly is: 'closeSession' }
  | { readonly is: 'multi'; readonly steps: readonly Step[] };

/** What a server answers; each kind of command fills in its part. */
export interface Answer {
  readonly stat?: Stat;
  readonly data?: Buffer;
  readonly children?: readonly string[];
  readonly acl?: readonly Acl[];
  /** The error of each step of an atomic operation; 0 where there was none. */
  readonly errors?: readonly number[];
  /** The moment in the ensemble's history that the answer is from. */
  readonly zxid: bigint;
}

/** A command together with how its answer is read. */
export interface Operation<T> {
  readonly command: Command;
  readonly read: (answer: Answer) => T;
}

/** Something has happened at a path that is watched. */
export interface WatchEvent {
  readonly is: 'created' | 'deleted' | 'changed' | 'children' | 'other';
  readonly path: string;
}

const nothing = (): void => {};
const stat = (answer: Answer): Stat => answer.stat!;

/** Makes a node. */
export const create = (path: string, data: Buffer, acl: readonly Acl[], kind: Kind): Operation<void> => ({
  command: { is: 'create', path, data, acl, kind },
  read: nothing,
});

/** Removes a node; `version` -1 means whatever it is. */
export const remove = (path: string, version = -1): Operation<void> => ({
  command: { is: 'delete', path, version },
  read: nothing,
});

/** Says whether a node is there; rejects with NO_NODE when it is not. `watch` asks to be told of one change. */
export const exists = (path: string, watch = false): Operation<Stat> => ({
  command: { is: 'exists', path, watch },
  read: stat,
});

export const getData = (path: string, watch = false): Operation<{ readonly data: Buffer; readonly stat: Stat }> => ({
  command: { is: 'getData', path, watch },
  read: (answer) => ({ data: answer.data ?? Buffer.alloc(0), stat: answer.stat! }),
});

/** The names of the children of a node. */
export const getChildren = (
  path: string,
  watch = false,
): Operation<{ readonly children: readonly string[]; readonly stat: Stat }> => ({
  command: { is: 'getChildren', path, watch },
  read: (answer) => ({ children: answer.children ?? [], stat: answer.stat! }),
});

export const setData = (path: string, data: Buffer, version = -1): Operation<Stat> => ({
  command: { is: 'setData', path, data, version },
  read: stat,
});

export const getAcl = (path: string): Operation<readonly Acl[]> => ({
  command: { is: 'getAcl', path },
  read: (answer) => answer.acl ?? [],
});

/** Waits until the server that we talk to knows all that the leader knew. Gives the moment that is. */
export const sync = (path: string): Operation<bigint> => ({
  command: { is: 'sync', path },
  read: (answer) => answer.zxid,
});

/** Watches a path for as long as the connection lives, and all below it if asked to. ZooKeeper 3.6 and later. */
export const addWatch = (path: string, recursive: boolean): Operation<void> => ({
  command: { is: 'addWatch', path, recursive },
  read: nothing,
});

export const removeWatches = (path: string): Operation<void> => ({
  command: { is: 'removeWatches', path },
  read: nothing,
});

/** All steps or none. Gives the error of each step, 0 where there was none. */
export const multi = (steps: readonly Step[]): Operation<readonly number[]> => ({
  command: { is: 'multi', steps },
  read: (answer) => answer.errors ?? [],
});

/** Ends the session; its ephemeral nodes go with it. */
export const closeSession: Operation<void> = { command: { is: 'closeSession' }, read: nothing };
