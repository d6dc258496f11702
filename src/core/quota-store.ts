/** Where quotas are counted that several processes share, such as a Redis. */
export interface QuotaStore {
  /** What it is, for people. Holds no secret. */
  readonly name: string;
  /**
   * Lets one more through if it fits, by the generic cell rate algorithm: `perMs` for each millisecond, `burst` at once.
   * Rejects when the store can not be asked, or does not know an answer in time.
   */
  take(key: string, perMs: number, burst: number): Promise<Taken>;
}

/** What came of asking for one more. */
export interface Taken {
  /** Milliseconds until one more fits; 0 when it did now. */
  readonly waitMs: number;
  /** How many more would fit now. */
  readonly left: number;
}
