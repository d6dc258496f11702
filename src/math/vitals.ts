/** How many checks in a row change the mind. */
export interface VitalsLimits {
  readonly unhealthy: number;
  readonly healthy: number;
}

/**
 * What active checks know of one endpoint, as Envoy counts it: the first success is enough to begin with; later it takes a
 * few in a row, either way. Who says itself that it is not well is believed at once.
 */
export class Vitals {
  #state: 'unknown' | 'well' | 'sick' = 'unknown';
  #row = 0; // findings in a row that speak against what is thought

  get state(): 'unknown' | 'well' | 'sick' {
    return this.#state;
  }

  /** Whether it is well, and nothing speaks against that: then there is no hurry to look again. */
  get steady(): boolean {
    return this.#state === 'well' && this.#row === 0;
  }

  /** A check went well. Says whether that changed the mind. */
  passed({ healthy }: VitalsLimits): boolean {
    if (this.#state === 'unknown') return this.#become('well');
    if (this.#state === 'well') {
      this.#row = 0;
      return false;
    }
    return ++this.#row >= healthy && this.#become('well');
  }

  /** A check failed; `atOnce` when the endpoint itself says that it is not well. Says whether that changed the mind. */
  failed({ unhealthy }: VitalsLimits, atOnce: boolean): boolean {
    if (this.#state === 'sick') {
      this.#row = 0;
      return false;
    }
    return (++this.#row >= unhealthy || atOnce) && this.#become('sick');
  }

  #become(state: 'well' | 'sick'): true {
    this.#state = state;
    this.#row = 0;
    return true;
  }
}
