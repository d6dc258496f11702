import type { Env } from '../core/env.ts';
import { messageOf } from '../core/message-of.ts';
import type { Taken } from '../core/quota-store.ts';
import { whenLate } from '../core/when-late.ts';

const ANSWER_MS = 100; // for one answer of the store; a request must not wait longer to be counted
const REST_MS = 1_000; // after it failed; then the next request tries again

/** Counts that are kept elsewhere, by a store that may be away: then nothing comes of asking, and that is told once. */
export class SharedCounts {
  readonly #env: Env;
  #problem: string | undefined;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(env: Env) {
    this.#env = env;
  }

  /** What came of taking one; nothing where the store can not be asked. Never rejects, and settles in bounded time. */
  async take(service: string, key: string, perMs: number, burst: number): Promise<Taken | undefined> {
    const { clock, quotaStore } = this.#env;
    if (quotaStore === undefined) return this.#away(service, 'no store was given to the mesh');
    const now = clock.now();
    if (now < this.#restsUntil) return undefined;
    if (this.#problem !== undefined) this.#restsUntil = now + ANSWER_MS; // one asks whether it is back, and the others wait for nobody
    try {
      const taken = await this.#inTime(quotaStore.take(key, perMs, burst));
      this.#back(service);
      return taken;
    } catch (error) {
      this.#restsUntil = clock.now() + REST_MS;
      return this.#away(service, messageOf(error));
    }
  }

  /** Gives back what was taken. Nobody waits for it, and where it fails it stays counted. */
  giveBack(key: string, receipt: string): void {
    this.#env.quotaStore?.giveBack?.(key, receipt).catch(() => {});
  }

  #inTime(taking: Promise<Taken>): Promise<Taken> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`no answer within ${ANSWER_MS} ms`));
      const cancel = whenLate(this.#env.clock, ANSWER_MS, late);
      taking.then(resolve, reject).finally(cancel);
    });
  }

  #away(service: string, problem: string): undefined {
    if (this.#problem === undefined) this.#tell(service, problem);
    this.#problem = problem;
  }

  #back(service: string): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#restsUntil = Number.NEGATIVE_INFINITY;
    this.#tell(service, '');
  }

  #tell(service: string, problem: string): void {
    const { clock, events } = this.#env;
    events.emit({ at: clock.epoch(), service, type: 'quota-store', away: problem !== '', problem });
  }
}
