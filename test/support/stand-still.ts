const LONG_ENOUGH_MS = 50;

/** Gives the kernel time to bring what was written to where it is read: nothing of ours is done meanwhile. */
export function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONG_ENOUGH_MS);
}
