import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Figures, Task } from './competitor.ts';

/** Where competitors run. */
export const CLIENT_CPU = 0;
/**
 * Where servers run, so that they do not take a client's time; the same one where there is no other. Whoever starts all
 * the others decides: a process that is kept on one processor believes that there is no other.
 */
export const SERVER_CPU = Number(process.env.BENCH_SERVER_CPU ?? (availableParallelism() > 1 ? 1 : 0));

const TASKSET = '/usr/bin/taskset';

/** A command that keeps a program on one processor, where the machine can do that. */
export const pinned = (cpu: number, command: readonly string[]): readonly string[] =>
  existsSync(TASKSET) ? [TASKSET, '-c', String(cpu), ...command] : command;

/** Starts a script of ours in a pinned process that can be talked to. */
export function start(
  script: string,
  args: readonly string[],
  cpu: number,
  flags: readonly string[] = [],
): ChildProcess {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...flags, script, ...args];
  const [command, ...rest] = pinned(cpu, node);
  return spawn(command!, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced', // what could not be measured is no number, also on its way here
    env: { ...process.env, NODE_ENV: 'production', BENCH_SERVER_CPU: String(SERVER_CPU) },
  });
}

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** A competitor, as the driver sees it. */
export class Runner {
  readonly name: string;
  readonly #process: ChildProcess;

  private constructor(name: string, process: ChildProcess) {
    this.name = name;
    this.#process = process;
  }

  static async start(bench: string, name: string, flags: readonly string[] = []): Promise<Runner> {
    const runner = new Runner(name, start(WORKER, [bench, name], CLIENT_CPU, flags));
    await runner.#answer();
    return runner;
  }

  round(task: Task): Promise<Figures> {
    this.#process.send(task);
    return this.#answer();
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.send('close');
    await exit;
  }

  #answer(): Promise<Figures> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error(`${this.name} has ended`));
      this.#process.once('exit', gone);
      this.#process.once('message', (message: Figures) => {
        this.#process.off('exit', gone);
        resolve(message);
      });
    });
  }
}
