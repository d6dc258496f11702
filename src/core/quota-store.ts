/** Where quotas are counted that several processes share, such as a Redis. */
export interface QuotaStore {
  /** What it is, for people. Holds no secret. */
  readonly name: string;
  /**
   * Lets one more through if it fits, by the generic cell rate algorithm: `perMs` for each millisecond, `burst` at once.
   * Rejects when the store can not be asked, or does not know an answer in time.
   */
  take(key: string, perMs: number, burst: number): Promise<Taken>;
  /**
   * Gives back what was taken for what then did not happen, by its `receipt`: as much of it as has not drained, so that
   * nobody gets what others took meanwhile. A store that can not do so lets it stay counted.
   */
  giveBack?(key: string, receipt: string): Promise<unknown>;
}

/** What came of asking for one more. */
export interface Taken {
  /** Milliseconds until one more fits; 0 when it did now. */
  readonly waitMs: number;
  /** How many more would fit now. */
  readonly left: number;
  /** By what it can be given back; nothing where it can not, or nothing was taken. */
  readonly receipt?: string;
}
