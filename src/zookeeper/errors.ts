/** What a server says by each number, in the words of ZooKeeper's own KeeperException. */
const NAMES: Readonly<Record<number, string>> = {
  [-1]: 'SYSTEM_ERROR',
  [-2]: 'RUNTIME_INCONSISTENCY',
  [-3]: 'DATA_INCONSISTENCY',
  [-4]: 'CONNECTION_LOSS',
  [-5]: 'MARSHALLING_ERROR',
  [-6]: 'UNIMPLEMENTED',
  [-7]: 'OPERATION_TIMEOUT',
  [-8]: 'BAD_ARGUMENTS',
  [-101]: 'NO_NODE',
  [-102]: 'NO_AUTH',
  [-103]: 'BAD_VERSION',
  [-108]: 'NO_CHILDREN_FOR_EPHEMERALS',
  [-110]: 'NODE_EXISTS',
  [-111]: 'NOT_EMPTY',
  [-112]: 'SESSION_EXPIRED',
  [-114]: 'INVALID_ACL',
  [-115]: 'AUTH_FAILED',
  [-118]: 'SESSION_MOVED',
  [-119]: 'NOT_READ_ONLY',
  [-120]: 'EPHEMERAL_ON_LOCAL_SESSION',
  [-121]: 'NO_WATCHER',
  [-122]: 'REQUEST_TIMEOUT',
  [-124]: 'AUTHENTICATION_REQUIRED',
  [-125]: 'QUOTA_EXCEEDED',
  [-127]: 'THROTTLED_OP',
};

/** What went wrong, as ZooKeeper calls it; `code` is its name for it: `NO_NODE`, `CONNECTION_LOSS`. */
export class ZookeeperError extends Error {
  override readonly name = 'ZookeeperError';
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The error that a server means by `number`. */
export function errorOf(number: number, what: string): ZookeeperError {
  const code = NAMES[number] ?? `ERROR_${-number}`;
  return new ZookeeperError(code, `${what}: ${code}`);
}

/** Whether `error` is ZooKeeper's error of that name. */
export const isCode = (error: unknown, code: string): boolean => error instanceof ZookeeperError && error.code === code;

const PASSING = new Set([
  ...['SESSION_EXPIRED', 'SESSION_MOVED'], // the server is about to hang up
  ...['OPERATION_TIMEOUT', 'REQUEST_TIMEOUT', 'THROTTLED_OP'], // it has no time
]);

/** Whether a server says no for now: it is not the question that is wrong, and asked again it may say otherwise. */
export const isPassing = (error: unknown): boolean => error instanceof ZookeeperError && PASSING.has(error.code);

/** The connection went, or there was none: what was asked for may have happened or not. */
export const connectionLoss = (why: string): ZookeeperError => new ZookeeperError('CONNECTION_LOSS', why);

/** What was found, or nothing when there is no such node. */
export const orAbsent = <T>(found: Promise<T>): Promise<T | undefined> =>
  found.catch((error: unknown) => {
    if (isCode(error, 'NO_NODE')) return undefined;
    throw error;
  });
