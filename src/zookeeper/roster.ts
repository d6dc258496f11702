import type { Endpoint } from '../core/endpoint.ts';
import type { Known } from './members.ts';

/** What was found below a service. */
export interface Found {
  /** Whether the service has a node at all. */
  readonly there: boolean;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** The names of those that came, went or changed since this was last told. */
  readonly changed: ReadonlySet<string>;
}

/** The nodes of one service as they were last read, the endpoints they tell of, and which of them have changed. */
export class Roster {
  readonly #known = new Map<string, Known>();
  readonly #endpoints = new Map<string, Endpoint>();
  #changed = new Set<string>();

  get(name: string): Known | undefined {
    return this.#known.get(name);
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  names(): Iterable<string> {
    return this.#known.keys();
  }

  learn(name: string, known: Known): void {
    this.#known.set(name, known);
    if (known.endpoint === undefined) this.#endpoints.delete(name);
    else this.#endpoints.set(name, known.endpoint);
    this.#changed.add(name);
  }

  forget(name: string): void {
    if (!this.#known.delete(name)) return;
    this.#endpoints.delete(name);
    this.#changed.add(name);
  }

  clear(): void {
    for (const name of [...this.#known.keys()]) this.forget(name);
  }

  /** Every endpoint by the name of its node. It changes with the roster. */
  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#endpoints;
  }

  /** The names of which something has changed since this was last asked. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }
}
