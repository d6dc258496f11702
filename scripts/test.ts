import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensure } from './programs.ts';
import { type Ended, isMain, node, root } from './run.ts';
import { filesOf, gaps, programsOf, type Suite, sharedBy, suites } from './suites.ts';

/** How a run of tests ended. */
export interface Tested {
  readonly passed: number;
  readonly failed: number;
  /** The tests that failed, with why, and those that were skipped; all that was printed, where a run came to no end. */
  readonly failing: string;
  /** What is wrong with the run, beside tests that failed; undefined when nothing is. */
  readonly problem: string | undefined;
}

const LONGEST_MS = 180_000; // of one test; one that hangs must not hang the whole
const LONGEST_RUN_MS = 40 * 60_000; // of all files of a run; CI has an hour and a half
const ALONE: readonly Suite[] = ['package', 'examples']; // their processes would starve each other
const MOSTLY_WAIT: readonly Suite[] = ['integration']; // for servers, sockets and sessions

// All in one process, under the name that this Node has for it: to start one for each file takes longer than most tests.
const TOGETHER = `--${process.version.startsWith('v22.') ? 'experimental-' : ''}test-isolation=none`;

const loaded = (name: string): string => `--import=${new URL(name, import.meta.url).href}`;

/**
 * Where every Node of a run, and all that it starts, keeps what it made of a file: its code without types, compiled. An
 * entry holds for that text of that file and that Node only. Without it, to begin is half of what most files take.
 */
export const compiled = join(root, '.cache', 'compiled');

/** Runs the tests of some kinds with the Node that runs this. */
export async function test(wanted: readonly Suite[], options: { echo?: boolean; jobs?: number } = {}): Promise<Tested> {
  const empty = wanted.find((suite) => filesOf(suite).length === 0);
  if (empty !== undefined) return nothing(`there is no test of the kind ${empty}`);
  try {
    ensure(wanted.flatMap((suite) => programsOf(suite)));
  } catch (error) {
    return nothing((error as Error).message);
  }
  const jobs = jobsFor(wanted, options.jobs ?? availableParallelism());
  const files = wanted.flatMap((suite) => filesOf(suite));
  return testFiles(files, { ...options, jobs });
}

/** How files of tests are run. */
interface TestOptions {
  /** How many of those that have a process each run at once. */
  readonly jobs: number;
  /** Prints what the test runner prints as it comes. */
  readonly echo?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs these files of tests, by their paths from the root. */
export async function testFiles(files: readonly string[], { jobs, echo = false, env }: TestOptions): Promise<Tested> {
  const runs = Map.groupBy(files, (file) => sharedBy(file));
  const ended = await Promise.all([...runs].map(([shared, some]) => go(flagsOf(shared, jobs), some)));
  return verdict(ended);

  function go(flags: readonly string[], some: readonly string[]): Promise<Ended> {
    const usual = ['--test', '--test-reporter=spec', `--test-timeout=${LONGEST_MS}`];
    const options = { env: { NODE_COMPILE_CACHE: compiled, ...env }, echo, longestMs: LONGEST_RUN_MS };
    return node([...usual, ...flags, ...some], options);
  }
}

/** What Node's test runner is told of files that share a process, or have one each. */
function flagsOf(shared: ReturnType<typeof sharedBy>, jobs: number): string[] {
  if (shared === undefined) return [`--test-concurrency=${jobs}`, loaded('ends.ts')];
  const looks = shared === 'package' ? [] : [loaded('leaves.ts')]; // there, tools that leave something are what is tested with
  return [TOGETHER, loaded('ends.ts'), ...looks];
}

/** How many files of tests may run at once. */
const jobsFor = (wanted: readonly Suite[], usual: number): number =>
  wanted.some((suite) => ALONE.includes(suite)) ? 1 : wanted.every((suite) => MOSTLY_WAIT.includes(suite)) ? 2 : usual;

/** Reads what Node's test runner printed, of every run there was. Skipped tests, and none at all, are faults. */
export function verdict(runs: readonly Pick<Ended, 'code' | 'output'>[]): Tested {
  const code = runs.reduce((worst, run) => worst || run.code, 0);
  const count = (word: string): number => runs.reduce((sum, { output }) => sum + countOf(word, output), 0);
  const [passed, failed] = [count('pass'), count('fail') + count('cancelled')];
  const left = count('skipped') + count('todo');
  const problem =
    left > 0
      ? `${left} tests were skipped or left to do`
      : passed + failed === 0
        ? 'no test ran'
        : code !== 0 && failed === 0
          ? `the test runner ended with ${code}`
          : undefined;
  return { passed, failed, problem, failing: runs.map(failing).join('') };
}

const countOf = (word: string, output: string): number =>
  Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);

/** The spec reporter says at its end which tests failed, and why. */
function failing({ code, output }: Pick<Ended, 'code' | 'output'>): string {
  const from = output.indexOf('✖ failing tests:');
  const lines = output.split('\n').map((line) => `${line}\n`);
  if (from >= 0) return lines.filter((line) => line.includes(' was ended: ')).join('') + output.slice(from);
  // It has not come to its end, so that all may matter but what is well.
  return lines.filter((line) => (code === 0 ? /# (SKIP|TODO)/ : /^ *[^ \n✔ℹ]/).test(line)).join('');
}

const nothing = (problem: string): Tested => ({ passed: 0, failed: 0, failing: '', problem });

/** Told to be brief, nothing is printed but what came of it, as JSON, for `matrix.ts`. */
const BRIEF = '--brief';

async function main(all: readonly string[]): Promise<number> {
  const [args, brief] = [all.filter((arg) => arg !== BRIEF), all.includes(BRIEF)];
  const unknown = args.find((arg) => !(suites as readonly string[]).includes(arg));
  if (unknown !== undefined) {
    console.error(`no kind of test is named '${unknown}'; there are ${suites.join(', ')}`);
    return 2;
  }
  const wanted = args.length > 0 ? (args as readonly Suite[]) : suites;
  const tested = await test(wanted, { echo: !brief });
  const { failed, problem } = tested;
  const missing = args.length > 0 ? [] : gaps();
  if (brief) console.log(JSON.stringify(tested));
  else for (const line of [...missing, ...(problem === undefined ? [] : [problem])]) console.error(line);
  return failed > 0 || problem !== undefined || missing.length > 0 ? 1 : 0;
}

if (isMain(import.meta)) process.exitCode = await main(process.argv.slice(2));
