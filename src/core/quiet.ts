/**
 * What somebody else's function gave back whom nobody waits for: where it was `async`, that it fails is its own affair. Node
 * ends a process for a rejection that nobody hears of.
 */
export function quiet(given: unknown): void {
  if (given instanceof Promise) given.catch(() => {});
}
