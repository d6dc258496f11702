import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of this package. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** What a program that has ended leaves behind. */
export interface Ended {
  readonly code: number;
  /** What it printed, both streams as they came. */
  readonly output: string;
  readonly ms: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Prints what the program prints as well as keeping it. */
  readonly echo?: boolean;
  /** Ends the program, and tells so, when it takes longer. */
  readonly longestMs?: number;
}

/** Runs a program to its end. One that can not be started ends with 127 and says why. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      // A test that runs tests must not make them believe that they are its own.
      // And what a program prints is read by programs here: no colours.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, FORCE_COLOR: undefined, NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.longestMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const hear = (text: string): void => {
      output += text;
      if (options.echo) process.stdout.write(text);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    const end = (code: number): void => resolve({ code, output, ms: performance.now() - started });
    child.once('error', (error) => {
      output += `${command}: ${error.message}\n`;
      end(127);
    });
    child.once('close', (code, signal) => {
      if (signal !== null) output += `\n${command} was ended by ${signal}\n`;
      end(code ?? 128);
    });
  });
}

/** Runs a script with the Node that runs this one, whatever `node` may mean elsewhere on the machine. */
export const node = (args: readonly string[], options?: RunOptions): Promise<Ended> =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], options);

/** Runs a tool of node_modules with the Node that runs this one. */
export const tool = (file: string, args: readonly string[], options?: RunOptions): Promise<Ended> =>
  node([`${root}/node_modules/${file}`, ...args], options);

/** Runs npm: the one that runs us, else the one on the PATH. */
export function npm(args: readonly string[], options?: RunOptions): Promise<Ended> {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') ? node([cli, ...args], options) : run('npm', args, options);
}

/** Whether this file is what Node was asked to run. */
export const isMain = (meta: ImportMeta): boolean => meta.main ?? meta.filename === process.argv[1];
