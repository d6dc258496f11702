import type { Endpoint } from '../core/endpoint.ts';
import { type Unreadable, UnreadableRecords } from '../discovery/unreadable.ts';
import type { Known } from './members.ts';

/** What was found below a service. */
export interface Found {
  /** Whether the service has a node at all. */
  readonly there: boolean;
  /** By what that node is known again: another of the same name has another. */
  readonly folder: string | undefined;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** The names of those that came, went or changed since this was last told. */
  readonly changed: ReadonlySet<string>;
}

/** Whom the nodes of a service are told to. */
export interface Hearer {
  found(found: Found): void;
  /** The tree has begun anew: whoever is missing there from now on may only not have come back yet. */
  wiped(): void;
  /** A record can not be read; it costs itself alone. */
  record(name: string, problem: string): void;
  /** The server says no to a question. It is asked again. */
  trouble(error: unknown): void;
}

/** The nodes of one service as they were last read, the endpoints they tell of, and which of them have changed. */
export class Roster {
  readonly #known = new Map<string, Known>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #unreadable = new UnreadableRecords();
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

  /** What a node tells by now. Says whether it is news that it can not be read. */
  learn(name: string, known: Known): boolean {
    this.#known.set(name, known);
    if (known.endpoint === undefined) this.#endpoints.delete(name);
    else this.#endpoints.set(name, known.endpoint);
    this.#changed.add(name);
    if (known.problem !== '') return this.#unreadable.add(name, known.problem);
    this.#unreadable.delete(name);
    return false;
  }

  forget(name: string): void {
    if (!this.#known.delete(name)) return;
    this.#endpoints.delete(name);
    this.#unreadable.delete(name);
    this.#changed.add(name);
  }

  clear(): void {
    for (const name of [...this.#known.keys()]) this.forget(name);
  }

  get unreadable(): Unreadable {
    return this.#unreadable.now;
  }

  /** What there is to tell: every endpoint by the name of its node, and which have changed since this was last asked. */
  told(): Omit<Found, 'there' | 'folder'> {
    const changed = this.#changed;
    this.#changed = new Set();
    return { endpoints: this.#endpoints, changed };
  }
}
