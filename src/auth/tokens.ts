import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Env } from '../core/env.ts';
import type { IdentityFacts } from '../core/identity.ts';
import type { Principal } from '../core/principal.ts';
import { checkTimes, nameIn } from './claims.ts';
import { type Compact, readCompact } from './compact.ts';
import { believe, Doubt, quote } from './doubt.ts';
import { jose } from './jose.ts';
import type { KeySet } from './key-set.ts';
import type { Key } from './keys.ts';

const BELIEVED_MS = 60_000; // for how long a signature is not checked again: also how long a key outlives its withdrawal
const DOUBTED_MS = 10_000;
const MOST = 10_000; // tokens whose signature is known to be good
const MOST_BAD = 1_000;

/** One whose tokens are believed. */
export interface Issuer {
  readonly issuer: string;
  readonly keys: KeySet;
  readonly type: string | undefined;
  readonly name: string;
  /** Whom its tokens may name, as patterns; where there are none, anybody but workloads of SPIFFE and who may forward. */
  readonly names: readonly string[] | undefined;
  readonly longestS: number;
}

/** A token whose signature is good. What it says is asked anew as the policy and the time go on. */
interface Believed {
  readonly token: Compact;
  readonly issuer: Issuer;
  readonly until: number;
  principal: Principal | undefined;
  /** What it was looked at by last, but for its time, and found good. */
  by: Wanted | undefined;
}

/** What the policy wants of tokens; the same object for as long as that is the same. */
export interface Wanted {
  readonly audiences: readonly string[];
  readonly issuers: readonly string[];
}

/** Checks tokens. Remembers what it found by their hash, within bounds that strangers can not move. */
export class Tokens {
  readonly #env: Env;
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #good = new LRUCache<string, Believed>({ max: MOST });
  readonly #flights = new Map<string, Promise<void>>(); // no more than there are requests waiting
  readonly #bad = new LRUCache<string, number>({ max: MOST_BAD });

  constructor(env: Env, issuers: readonly Issuer[]) {
    this.#env = env;
    this.#issuers = new Map(issuers.map((one) => [one.issuer, one]));
  }

  /** How much is remembered, for tests. */
  get size(): number {
    return this.#good.size + this.#bad.size;
  }

  /** How many there are whose tokens are believed. */
  get issuers(): number {
    return this.#issuers.size;
  }

  /** Whose tokens are believed, and what is known of their keys. */
  get facts(): IdentityFacts['issuers'] {
    return [...this.#issuers.values()].map(({ issuer, keys }) => ({
      issuer,
      keys: keys.size,
      ageMs: keys.ageMs ?? null,
      problem: keys.problem ?? '',
    }));
  }

  /** Who a token proves. @throws Doubt, or rejects with one, when it proves nobody. */
  check(token: string, wanted: Wanted): Principal | Promise<Principal> {
    const now = this.#env.clock.now();
    const key = hash('sha256', token, 'hex'); // no token is kept
    const known = this.#good.get(key);
    if (known !== undefined && now < known.until) return this.#principal(known, wanted);
    const doubted = this.#bad.get(key);
    believe(doubted === undefined || now >= doubted, 'its signature is not good');
    return this.#verify(token, key, wanted);
  }

  /** That who may say for whom it calls is so called by an issuer that may not name anybody as they like. @throws Doubt */
  checkForwarder({ name, issuer }: Principal): void {
    const isListed = this.#issuers.get(issuer)?.names !== undefined;
    believe(isListed, `its issuer may not name ${quote(name)}, who may forward, unless it is listed in its names`);
  }

  async #verify(text: string, key: string, wanted: Wanted): Promise<Principal> {
    const token = readCompact(text);
    const { iss } = token.claims;
    const issuer = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    believe(issuer !== undefined, typeof iss === 'string' ? `its issuer is ${quote(iss)}` : 'it has no issuer');
    const until = this.#env.clock.now() + BELIEVED_MS;
    const believed = { token, issuer, until, principal: undefined, by: undefined };
    const principal = this.#principal(believed, wanted); // before its signature: what is late must not cost any
    await (this.#flights.get(key) ?? this.#fly(text, key, believed));
    return principal;
  }

  /** Many requests may come with one token before it is known. */
  #fly(text: string, key: string, believed: Believed): Promise<void> {
    const flight = this.#checkSignature(text, key, believed.token, believed.issuer)
      .then(() => void this.#good.set(key, believed))
      .finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  async #checkSignature(
    text: string,
    key: string,
    { kid, algorithm }: Compact,
    { keys, issuer }: Issuer,
  ): Promise<void> {
    const candidates = await keys.find(kid, algorithm);
    if (candidates.length === 0) throw new Doubt(noKey(keys, issuer, algorithm));
    if (await isSigned(text, algorithm, candidates)) return;
    if (await isSigned(text, algorithm, await keys.others(kid, algorithm, candidates))) return;
    this.#bad.set(key, this.#env.clock.now() + DOUBTED_MS);
    throw new Doubt('its signature is not good');
  }

  #principal(believed: Believed, wanted: Wanted): Principal {
    const { token, issuer } = believed;
    checkTimes(token.claims, issuer.longestS, this.#env.clock.epoch() / 1_000);
    if (believed.by !== wanted || believed.principal === undefined) {
      const name = nameFor(believed, wanted);
      believed.principal ??= Object.freeze({
        name,
        by: 'token',
        issuer: issuer.issuer,
        claims: frozen(token.claims),
      });
      believed.by = wanted;
    }
    return believed.principal;
  }
}

/** @throws Doubt when the token is not for us, or not of who may say so. */
function nameFor({ token, issuer }: Believed, { audiences, issuers }: Wanted): string {
  believe(issuers.length === 0 || issuers.includes(issuer.issuer), () => `its issuer is ${quote(issuer.issuer)}`);
  const { type, name, names } = issuer;
  return nameIn(token, { audiences, type, name, names });
}

/** What many requests are to share must be changed by none of them, in whatever depth. */
function frozen<T extends object>(value: T): T {
  const left: object[] = [value];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    Object.freeze(one);
    for (const each of Object.values(one)) if (typeof each === 'object' && each !== null) left.push(each);
  }
  return value;
}

/** Why there is no key: the issuer has none of that name, or nobody could ask for its keys, which is for us to mend. */
function noKey({ size, problem }: KeySet, issuer: string, algorithm: string): string {
  if (problem !== undefined && size === 0) return `the keys of ${quote(issuer)} can not be read (${problem})`;
  const anew = problem === undefined ? '' : `, and its keys can not be read anew (${problem})`;
  return `${quote(issuer)} has no such key for ${quote(algorithm)}${anew}`;
}

/** Whether one of these keys has signed a token, by this algorithm. */
export async function isSigned(token: string, algorithm: string, keys: readonly Key[]): Promise<boolean> {
  const { compactVerify } = await jose();
  for (const { jwk } of keys) {
    const good = await compactVerify(token, jwk, { algorithms: [algorithm] }).then(
      () => true,
      () => false,
    );
    if (good) return true;
  }
  return false;
}
