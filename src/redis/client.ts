/** A client of Redis, as far as quotas need one: `ioredis` 5 and 6, or `redis` (node-redis) 4 and later. */
export interface RedisClient {
  /** Runs a script on the server; both clients have it, each with arguments of its own kind. */
  // biome-ignore lint/suspicious/noExplicitAny: the two clients agree on nothing but the name
  eval(script: string, ...args: any[]): Promise<unknown>;
  /** What ioredis says of its connection. */
  readonly status?: string;
  /** What node-redis says of its connection. */
  readonly isReady?: boolean;
}

/** Whether it is connected: one that is not might keep a question until it is. */
export const isReady = ({ status, isReady = true }: RedisClient): boolean =>
  status === undefined ? isReady : status === 'ready';

/** Has the server run a script on a key. */
export const run = (client: RedisClient, script: string, key: string, args: readonly string[]): Promise<unknown> =>
  typeof client.status === 'string'
    ? client.eval(script, 1, key, ...args)
    : client.eval(script, { keys: [key], arguments: args });

/**
 * What rate-limiter-flexible is given for a client: it runs our script on a key, with arguments of ours, and can do nothing
 * else. So it defines no commands on a client that is not ours, where the limiters of its owner would find them.
 */
export function evaluator(client: RedisClient, script: string, args: readonly string[]): object {
  return {
    get status() {
      return client.status;
    },
    get isReady() {
      return client.isReady;
    },
    rlflxIncr: ([key]: readonly [string]): Promise<unknown> => run(client, script, key, args),
  };
}
