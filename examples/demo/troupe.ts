import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The processes of the demo. None outlives this one. */
export class Troupe {
  readonly #children = new Set<ChildProcess>();
  readonly #onCrash: (problem: string) => void;

  /** `onCrash` hears of a process that ended though nobody wanted it to. */
  constructor(onCrash: (problem: string) => void) {
    this.#onCrash = onCrash;
    process.on('exit', () => {
      for (const child of this.#children) child.kill('SIGKILL');
    });
  }

  /** Starts one of the programs beside this file, with the Node that runs this. */
  start(program: string, settings: object): ChildProcess {
    const file = fileURLToPath(new URL(program, import.meta.url));
    const child = fork(file, [JSON.stringify(settings)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#children.add(child);
    let complaint = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(0, 4_000);
    });
    child.on('close', (code, signal) => {
      if (this.#children.delete(child)) {
        this.#onCrash(`${program} ended by itself, with ${code ?? signal}\n${complaint}`.trimEnd());
      }
    });
    return child;
  }

  /** Ends a process without a warning, as a machine that fails does. */
  kill(child: ChildProcess): void {
    this.#children.delete(child);
    child.kill('SIGKILL');
  }

  /** Lets a process end by itself; one that takes longer than `withinMs` is ended. */
  async end(child: ChildProcess, withinMs = 3_000): Promise<void> {
    this.#children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    await once(child, 'exit');
    clearTimeout(timer);
  }
}
