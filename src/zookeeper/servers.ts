import type { Random } from '../core/random.ts';
import { addressOf, type ServerAddress, shuffled } from './address.ts';

/** The servers of an ensemble, in an order of our own, and what each answered last. */
export class Servers {
  readonly #all: readonly ServerAddress[];
  readonly #answers = new Map<string, string>();

  constructor(all: readonly ServerAddress[], random: Random) {
    this.#all = shuffled(all, random);
  }

  /** Whose turn it is to be tried. */
  at(turn: number): ServerAddress {
    return this.#all[turn % this.#all.length]!;
  }

  /** Why there is no connection with it. */
  answered(server: ServerAddress, problem: string): void {
    this.#answers.set(addressOf(server), problem);
  }

  /** There is a connection: what was answered before is of no interest any more. */
  clear(): void {
    this.#answers.clear();
  }

  /** Why there is no connection, in the words of every server. Holds no secret. */
  get problem(): string {
    const asked = this.#all.map(addressOf).filter((address) => this.#answers.has(address));
    return asked.map((address) => `${address}: ${this.#answers.get(address)}`).join('; ') || 'not connected yet';
  }
}
