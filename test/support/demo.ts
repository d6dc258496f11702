import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { root } from '../../scripts/run.ts';
import { aFolder, processesWith } from './processes.ts';

/** The demo, as a process of its own. */
export interface Demo {
  readonly process: ChildProcess;
  /** Where it puts what it needs; nobody else has anything there. */
  readonly folder: string;
  readonly output: { text: string };
  /** Settles when it has printed this. */
  printed(pattern: RegExp): Promise<void>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts the demo with the sources as they are. */
export async function demo(t: TestContext, ...args: string[]): Promise<Demo> {
  const folder = await aFolder(t);
  const flags = ['--disable-warning=ExperimentalWarning', '--import', './test/docs/self.ts'];
  const child = spawn(process.execPath, [...flags, 'examples/demo/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output.text += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return {
    process: child,
    folder,
    output,
    ended,
    async printed(pattern) {
      const over = ended.then((how) => assert.fail(`it ended with ${how}: ${output.text}`));
      while (!pattern.test(output.text)) await Promise.race([once(child.stdout, 'data'), over]);
    },
  };
}

/** Waits until no process has the folder in its command line; a test that waits for ever fails. */
export async function allGone(folder: string): Promise<void> {
  while ((await processesWith(folder)).length > 0) await new Promise(setImmediate);
}
