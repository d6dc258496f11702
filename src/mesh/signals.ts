import { constants } from 'node:os';
import type { Cancel } from '../core/live.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

// As there is one process and one end of it: several meshes leave together, and the process ends once all have left.
const leavers = new Set<() => Promise<unknown>>();
let leaving = false;

/**
 * Leaves when the process is asked to end, by SIGTERM or SIGINT; then the process ends by that signal, as it would have
 * without us, only later. Where others listen to the signal too, the end is theirs to bring about. A second signal ends
 * the process at once.
 */
export function onSignals(leave: () => Promise<unknown>): Cancel {
  if (leavers.size === 0 && !leaving) for (const signal of SIGNALS) process.prependListener(signal, asked);
  leavers.add(leave);
  return () => {
    if (leavers.delete(leave) && leavers.size === 0 && !leaving) stopListening();
  };
}

function asked(signal: NodeJS.Signals): void {
  if (leaving) end(signal);
  leaving = true;
  const isHeardOnce = process.rawListeners(signal).some((one) => 'listener' in one); // who listens once is no listener when it hears
  void Promise.allSettled([...leavers].map((leave) => leave())).then(() => {
    leaving = false;
    if (!isHeardOnce && process.listenerCount(signal) === 1) end(signal);
    else if (leavers.size === 0) stopListening();
  });
}

/** The first process of a container does not die of a signal, so it exits with the code that says the same. */
function end(signal: NodeJS.Signals): never {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  process.exit(128 + constants.signals[signal]);
}

function stopListening(): void {
  for (const signal of SIGNALS) process.off(signal, asked);
}
