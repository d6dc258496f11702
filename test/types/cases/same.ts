/** True when two types are one, not only assignable to each other. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only when the type given is exactly the one wanted. */
export const is = <_Holds extends true>(): void => {};
