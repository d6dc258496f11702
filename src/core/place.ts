/** Where this process stands among others. */
export interface Place {
  /** The zone it runs in; empty when nobody said. */
  readonly zone: string;
}

/** Nobody said anything. */
export const NOWHERE: Place = Object.freeze({ zone: '' });
