import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const LONGEST_MS = 60_000; // until a program says what it was asked for
const LONGEST_TURN_MS = 20;

/** A program of `test/integration/programs` that runs as a process of its own. */
export interface Program {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Says something to it. */
  tell(message: object): void;
  /** What it says that has this key; fails with what it complained about when it ends before. */
  said<T extends object>(key: keyof T & string): Promise<T>;
  /** How it ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Ends it without a warning. */
  kill(): void;
}

/** Starts a program with the Node that runs this, with `flags` of it, for as long as the test runs at most. */
export function start(t: TestContext, name: string, settings: object = {}, flags: readonly string[] = []): Program {
  const file = fileURLToPath(new URL(`../integration/programs/${name}.ts`, import.meta.url));
  const child = fork(file, [JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning', ...flags],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  t.after(() => child.kill('SIGKILL'));
  const said: object[] = [];
  let complaint = '';
  child.on('message', (message: object) => said.push(message));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const find = <T extends object>(key: string): T | undefined => {
    const at = said.findIndex((message) => key in message);
    return at < 0 ? undefined : (said.splice(at, 1)[0] as T);
  };
  return {
    process: child,
    pid: child.pid!,
    ended,
    tell: (message) => void child.send(message),
    kill: () => void child.kill('SIGKILL'),
    async said<T extends object>(key: keyof T & string): Promise<T> {
      const over = new AbortController();
      const late = setTimeout(() => over.abort(new Error(`${name} never said ${key}; ${complaint}`)), LONGEST_MS);
      void ended.then((how) => over.abort(new Error(`${name} ended with ${how} and never said ${key}; ${complaint}`)));
      try {
        let found = find<T>(key);
        if (found !== undefined) return found;
        for await (const _ of on(child, 'message', { signal: over.signal })) {
          found = find<T>(key);
          if (found !== undefined) return found;
        }
        throw new Error('unreachable: messages have no end');
      } catch (error) {
        throw over.signal.aborted ? over.signal.reason : error;
      } finally {
        clearTimeout(late);
      }
    },
  };
}

/** What a program was started with. */
export const settings = <T>(): T => JSON.parse(process.argv[2]!) as T;

/** A folder that is there for as long as the test runs. */
export async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-test-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Processes of this machine whose command line has `text` in it. Linux only, as is all that uses it. */
export async function processesWith(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''); // it may have ended meanwhile
    if (line.includes(text)) found.push(Number(name));
  }
  return found;
}

/**
 * Makes so many calls at a steady pace, whether or not those before were answered, and gives what each came to. Where the
 * machine stood still, what was not made is not made up for: a thousand calls at once are another test.
 */
export function pace<T>(perSecond: number, calls: number, make: (n: number) => Promise<T>): Promise<Settled<T>[]> {
  return new Promise((resolve) => {
    const made: Promise<Settled<T>>[] = [];
    let [due, last] = [0, performance.now()];
    const timer = setInterval(() => {
      const now = performance.now();
      due = Math.min(calls, due + (Math.min(now - last, LONGEST_TURN_MS) / 1_000) * perSecond);
      last = now;
      while (made.length < due) {
        const n = made.length;
        made.push(
          make(n).then(
            (value) => ({ n, value }),
            (error: unknown) => ({ n, error }),
          ),
        );
      }
      if (made.length < calls) return;
      clearInterval(timer);
      resolve(Promise.all(made));
    }, 5);
  });
}

/** What one call of many came to. */
export type Settled<T> = { readonly n: number } & ({ readonly value: T } | { readonly error: unknown });
