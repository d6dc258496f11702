import type { Cancel } from '../core/live.ts';

const tasks = new Set<() => void>(); // as there is one process and one end of it; a listener each would make Node warn

const runAll = (): void => {
  for (const task of tasks) task();
};

/** Runs `task` when the process ends of itself. It can not wait for anything, and must not throw. */
export function onExit(task: () => void): Cancel {
  if (tasks.size === 0) process.on('exit', runAll);
  tasks.add(task);
  return () => {
    if (tasks.delete(task) && tasks.size === 0) process.off('exit', runAll);
  };
}
