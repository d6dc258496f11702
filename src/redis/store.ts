import { LRUCache } from 'lru-cache';
import type * as Library from 'rate-limiter-flexible';
import { MeshError } from '../core/errors.ts';
import type { QuotaStore, Taken } from '../core/quota-store.ts';
import type { RedisClient } from './client.ts';
import { evaluator, isReady, run } from './client.ts';

const DIGITS = 15; // that a number has for certain
const LIMITERS = 200; // one for each pair of rate and burst that the policies of late have named

/**
 * The generic cell rate algorithm in one step of the server, by the server's clock, so that all who ask agree. What is
 * kept for a key is when its bucket will be empty and how long one call took to drain by then, and it goes when it is: so
 * a rate that changes finds as many calls in it as there were. There are never more than the burst: a clock that goes back
 * shuts nobody out. Who is refused while either has changed leaves the bucket as it stands now, or it would go on to drain
 * as before, and who comes again when they were told to would be refused again. The arguments are the burst, and how many
 * milliseconds one call takes to drain. Who is let in is told when that call will have drained, which is its receipt.
 */
const SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local burst = tonumber(ARGV[1])
local spacing = tonumber(ARGV[2])
local empty, was = string.match(redis.call('GET', KEYS[1]) or '', '^(.+) (.+)$')
local held = empty and (empty - now) / was or 0
local level = math.max(0, math.min(burst, held))
local wait = (level + 1 - burst) * spacing
local function keep(full)
  redis.call('SET', KEYS[1], string.format('%.3f %.17g', now + full, spacing), 'PX', math.ceil(full))
end
if wait > 0.001 then
  if held > burst or tonumber(was) ~= spacing then keep(level * spacing) end
  return {burst + 1, math.ceil(wait)}
end
local full = (level + 1) * spacing
keep(full)
return {math.max(1, math.ceil(level + 1 - 0.000001)), string.format('%.3f', now + full)}
`;

/**
 * Takes a call out again that drains by the moment given: what is left of it, and nothing where that has passed. Else what
 * others have taken since, in a bucket that was empty in between, would be given to nobody. What the library calls a reward
 * knows nothing of that, and would run the script above.
 */
const GIVE_BACK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local empty, was = string.match(redis.call('GET', KEYS[1]) or '', '^(.+) (.+)$')
local left = empty and math.min(tonumber(was), ARGV[1] - now) or 0
if left <= 0 then return end
if empty - left <= now then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], string.format('%.3f %s', empty - left, was), 'PX', math.ceil(empty - left - now))
`;

/** Counts quotas in a Redis that all instances share. The client is its owner's: nothing is opened or closed here. */
export class RedisStore implements QuotaStore {
  readonly name = 'redis';
  readonly #library: typeof Library;
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #limiters = new LRUCache<string, Library.RateLimiterRedis>({ max: LIMITERS });

  private constructor(library: typeof Library, client: RedisClient, prefix: string) {
    this.#library = library;
    this.#client = client;
    this.#prefix = prefix;
  }

  /**
   * `prefix` begins every key: services that share a Redis share no counts. The library is asked for here and not above:
   * in a program that was bundled into one file, an import above is one of the program, also where nobody has a Redis.
   * @throws MeshError INVALID_ARGUMENT when it is not installed.
   */
  static async open(client: RedisClient, prefix: string): Promise<RedisStore> {
    const library = await import('rate-limiter-flexible').catch((cause: unknown) => {
      const message = 'redis needs the package rate-limiter-flexible (npm install rate-limiter-flexible)';
      throw new MeshError('request', message, { cause });
    });
    return new RedisStore(library, client, prefix);
  }

  async take(key: string, perMs: number, burst: number): Promise<Taken> {
    const whole = Math.max(1, Math.floor(burst));
    const limiter = this.#limiter(perMs, whole);
    try {
      const { consumedPoints, msBeforeNext } = await limiter.consume(key);
      return { waitMs: 0, left: whole - consumedPoints, receipt: `${msBeforeNext}` }; // which the script has say that
    } catch (refusal) {
      if (refusal instanceof this.#library.RateLimiterRes)
        return { waitMs: Math.max(1, refusal.msBeforeNext), left: 0 };
      throw refusal;
    }
  }

  async giveBack(key: string, receipt: string): Promise<void> {
    if (isReady(this.#client)) await run(this.#client, GIVE_BACK, `${this.#prefix}:${key}`, [receipt]);
  }

  #limiter(perMs: number, burst: number): Library.RateLimiterRedis {
    const id = `${perMs}/${burst}`;
    let limiter = this.#limiters.get(id);
    if (limiter === undefined) {
      limiter = new this.#library.RateLimiterRedis({
        storeClient: evaluator(this.#client, SCRIPT, [`${burst}`, `${spacingOf(perMs)}`]),
        keyPrefix: this.#prefix,
        points: burst,
        duration: 1, // it asks for one; the script has what counts
        rejectIfRedisNotReady: true,
      });
      this.#limiters.set(id, limiter);
    }
    return limiter;
  }
}

/** How many milliseconds one call takes to drain: an hour is an hour, and no billionth more that would be rounded up. */
const spacingOf = (perMs: number): number => Number((1 / perMs).toPrecision(DIGITS));
