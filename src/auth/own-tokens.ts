import { LRUCache } from 'lru-cache';
import type { Clock, Timer } from '../core/clock.ts';
import { MeshError } from '../core/errors.ts';

/** A token, and for how many milliseconds it is good. */
export interface Made {
  readonly token: string;
  readonly expiresInMs: number;
}

/** Makes a token for an audience, or gets one from elsewhere. */
export type Make = (audience: string, lifetimeMs: number) => Promise<Made>;

interface Held {
  readonly audience: string;
  token: string;
  /** When it is to be replaced, and when it is of no use; on the mesh's clock. */
  freshUntil: number;
  until: number;
  flight: Promise<string> | undefined;
  /** When another may be had again in the place of one that was refused, or that could not be had. */
  renewAt: number;
  againAt: number;
  failure: MeshError | undefined;
}

const MOST = 1_000; // audiences
const LEFT = 0.2; // of its life, when the next is made
const EARLY_MS = 1_000; // what is about to end may end on its way
const AGAIN_MS = 10_000; // after a refusal: who refuses each token must not make us make one for each call
const LONGEST_MS = 10_000; // to have one: all calls wait for it, or fail
const LATER_MS = 1_000; // after the next could not be had, while the old one is good
const TOKEN = /^[\x21-\x7e]{1,16384}$/;

/** The tokens that we show: one for each audience, replaced in time, by one at a time. */
export class OwnTokens {
  readonly #clock: Clock;
  readonly #make: Make;
  readonly #held = new LRUCache<string, Held>({ max: MOST });
  readonly #late = new Set<Timer>();

  constructor(clock: Clock, make: Make) {
    this.#clock = clock;
    this.#make = make;
  }

  /** Those at hand, by audience, and for how many milliseconds they are good. */
  get facts(): readonly { readonly audience: string; readonly leftMs: number }[] {
    const now = this.#clock.now();
    return [...this.#held.values()].map(({ audience, until }) => ({
      audience,
      leftMs: Math.max(0, Math.floor(until - now)),
    }));
  }

  /** @throws MeshError UNAUTHENTICATED, by rejecting, when there is none to be had. */
  get(audience: string, lifetimeMs: number): string | Promise<string> {
    const now = this.#clock.now();
    const held = this.#hold(audience, lifetimeMs);
    if (now < held.freshUntil) return held.token;
    const mayFly = held.flight === undefined && now >= held.againAt;
    if (now >= held.until) {
      if (mayFly) return this.#fly(held, lifetimeMs);
      return held.flight ?? Promise.reject(held.failure);
    }
    if (mayFly) this.#fly(held, lifetimeMs).catch(() => {}); // there is time to try again
    return held.token;
  }

  /** Another token in the place of one that was refused; the same, where that was done a moment ago. */
  async renew(audience: string, lifetimeMs: number, refused: string): Promise<string> {
    const now = this.#clock.now();
    const held = this.#hold(audience, lifetimeMs);
    if (held.token !== refused && now < held.until) return held.token;
    if (held.flight !== undefined) return held.flight;
    if (now < held.renewAt) return refused;
    held.renewAt = now + AGAIN_MS;
    return this.#fly(held, lifetimeMs);
  }

  #hold(audience: string, lifetimeMs: number): Held {
    const key = `${lifetimeMs} ${audience}`;
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const times = { freshUntil: 0, until: 0, renewAt: 0, againAt: 0 };
    const held: Held = { audience, token: '', ...times, flight: undefined, failure: undefined };
    this.#held.set(key, held);
    return held;
  }

  #fly(held: Held, lifetimeMs: number): Promise<string> {
    const begun = this.#clock.now();
    const flight = this.#made(held.audience, lifetimeMs).then(
      ({ token, expiresInMs }) => {
        held.token = token;
        held.until = begun + Math.max(0, expiresInMs - EARLY_MS);
        held.freshUntil = begun + (1 - LEFT) * expiresInMs;
        held.flight = undefined;
        return token;
      },
      (error) => {
        held.flight = undefined;
        held.againAt = this.#clock.now() + LATER_MS;
        held.failure = new MeshError('authenticate', `${held.audience}: no token to show could be had, ${kind(error)}`);
        throw held.failure;
      },
    );
    held.flight = flight;
    return flight;
  }

  /** Waits no longer for those that are being made. */
  close(): void {
    for (const late of this.#late) late.cancel();
    this.#late.clear();
  }

  async #made(audience: string, lifetimeMs: number): Promise<Made> {
    const made = await this.#inTime(Promise.resolve(this.#make(audience, lifetimeMs)));
    if (typeof made?.token !== 'string' || !TOKEN.test(made.token)) throw new TypeError('it is no token');
    if (!(made.expiresInMs > 0)) throw new TypeError('expiresInMs must be a number above 0');
    return made;
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = this.#clock.schedule(LONGEST_MS, () => {
        this.#late.delete(late);
        reject(new TimeoutError());
      });
      late.hold(false);
      this.#late.add(late);
      const over = (): void => {
        late.cancel();
        this.#late.delete(late);
      };
      work.finally(over).then(resolve, reject);
    });
  }
}

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** What went wrong, without its words: those of who exchanges secrets may hold some. */
function kind(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  const word = typeof code === 'string' ? code : name;
  return typeof word === 'string' && /^\w{1,60}$/.test(word) ? word : 'Error';
}
