import { type LookupAddress, type LookupOptions, lookup as lookupHost } from 'node:dns';
import type { Clock } from '../core/clock.ts';

/** What a look-up comes to: one address, or a list of them. */
export type LookedUp = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Finds the addresses of a host, as `net.connect` wants it done. */
export type Lookup = (host: string, options: LookupOptions, done: LookedUp) => void;

/**
 * Looks up hosts, each once at a time: a resolver that hangs is not asked again with every try to connect. It works in
 * the few threads that all of the process shares, and what has been asked for can not be called off. An answer is kept
 * for as long as it took to come: where the first of two name servers is away that is seconds, and no try has as many.
 */
export class Lookups {
  readonly #clock: Clock;
  readonly #ask: Lookup;
  readonly #asked = new Map<string, LookedUp[]>();
  readonly #found = new Map<string, { readonly answer: Parameters<LookedUp>; readonly until: number }>();

  /** `ask` is how a host is looked up. */
  constructor(clock: Clock, ask: Lookup = lookupHost) {
    this.#clock = clock;
    this.#ask = ask;
  }

  readonly lookup: Lookup = (host, options, done) => {
    const question = JSON.stringify([host, options]); // as many as there are servers
    const found = this.#found.get(question);
    if (found !== undefined && this.#clock.now() < found.until) queueMicrotask(() => done(...found.answer));
    else this.#find(question, host, options, done);
  };

  #find(question: string, host: string, options: LookupOptions, done: LookedUp): void {
    const waiting = this.#asked.get(question);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const all = [done];
    const begun = this.#clock.now();
    this.#asked.set(question, all);
    this.#ask(host, options, (...answer) => {
      const now = this.#clock.now();
      this.#asked.delete(question);
      if (answer[0] === null) this.#found.set(question, { answer, until: now + (now - begun) });
      for (const one of all) one(...answer);
    });
  }
}
