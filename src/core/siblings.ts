/** The processes that are instances of the service that we are: what is for all of us is divided by their number. */
export interface Siblings {
  /** How many there are, ourselves counted; at least 1. */
  readonly count: number;
  /** The same as far as it is known by now, for who only looks: nobody is asked for it. */
  readonly known: number;
}

/** Somebody without any. */
export const ALONE: Siblings = Object.freeze({ count: 1, known: 1 });
