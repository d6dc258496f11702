import { type LookupAddress, type LookupOptions, lookup as lookupHost } from 'node:dns';

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
 * the few threads that all of the process shares, and what has been asked for can not be called off.
 */
export class Lookups {
  readonly #ask: Lookup;
  readonly #asked = new Map<string, LookedUp[]>();

  /** `ask` is how a host is looked up. */
  constructor(ask: Lookup = lookupHost) {
    this.#ask = ask;
  }

  readonly lookup: Lookup = (host, options, done) => {
    const question = JSON.stringify([host, options]);
    const waiting = this.#asked.get(question);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const all = [done];
    this.#asked.set(question, all);
    this.#ask(host, options, (...found) => {
      this.#asked.delete(question);
      for (const one of all) one(...found);
    });
  };
}
