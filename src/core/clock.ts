/** A task that waits for its moment. */
export interface Timer {
  /** Forgets the task; does nothing once it has run. */
  cancel(): void;
  /** Says whether the process stays alive for this task. It does unless told otherwise. */
  hold(on: boolean): void;
}

/** Time, as everything in the mesh sees it. */
export interface Clock {
  /** Milliseconds since some fixed moment. Never goes back. */
  now(): number;
  /** Milliseconds since 1970 began, for what other machines and people read. May jump. */
  epoch(): number;
  /** Runs `task` once, `delayMs` from now, unless cancelled first. */
  schedule(delayMs: number, task: () => void): Timer;
}

const LONGEST_MS = 2 ** 31 - 1; // setTimeout fires at once beyond this

const { performance: timer } = globalThis; // asked for once: it is a getter, and each call looks at the clock twice

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => timer.now(),
  epoch: () => Date.now(),
  schedule(delayMs, task) {
    const timeout = setTimeout(task, Math.min(delayMs, LONGEST_MS));
    return {
      cancel: () => clearTimeout(timeout),
      hold: (on) => void (on ? timeout.ref() : timeout.unref()),
    };
  },
};
