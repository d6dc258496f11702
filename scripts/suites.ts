import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { house, PACKAGES_FROM } from './floors/house.ts';
import { JAVA, PROMTOOL, REDIS, ZOOKEEPER } from './programs.ts';
import { root } from './run.ts';

/** Kinds of test, in the order of how much they need. */
export const suites = [
  'unit',
  'property',
  'simulation',
  'conformance',
  'types',
  'docs',
  'examples',
  'package',
  'integration',
] as const;

export type Suite = (typeof suites)[number];

const PROPERTY = '.property.test.ts';

/** The test files of one kind. */
export function filesOf(suite: Suite, folder: string = root): string[] {
  return testFiles(folder).filter((file) => suiteOf(file) === suite);
}

/** What kind a test file is of. A folder that is no kind of its own mirrors one of `src` and holds unit tests. */
export function suiteOf(file: string): Suite {
  if (file.endsWith(PROPERTY)) return 'property';
  const folder = file.split(sep)[1]!;
  return folder !== 'unit' && (suites as readonly string[]).includes(folder) ? (folder as Suite) : 'unit';
}

/**
 * The process that a file shares with others; nothing where it has one to itself. What stands on the floors below all that
 * knows of a process has nothing there that one test could leave to another. Above, a test may change the process as long
 * as it changes it back: `leaves.ts` looks, between any two tests. What holds for all files that are loaded has one alone.
 */
export function sharedBy(file: string, folder: string = root): 'lower floors' | 'upper floors' | 'package' | undefined {
  const suite = suiteOf(file);
  if (suite === 'package') return suite; // its tests are of other processes, and the tarball is made once for all
  const floor = house.floors[file.split(sep)[1]!];
  if (floor === undefined || (suite !== 'unit' && suite !== 'property')) return undefined;
  if (floor < PACKAGES_FROM) return 'lower floors';
  return OF_THE_PROCESS.test(readFileSync(join(folder, file), 'utf8')) ? undefined : 'upper floors';
}

/** What is for all tests of a process: hooks, an SDK, how modules are loaded; and where it is, and its environment. */
const OF_THE_PROCESS =
  /\b(?:beforeEach|afterEach|recordedSpans|setGlobal\w+|registerHooks)\b|\bprocess\.(?:env|chdir|umask|argv|exit|emit)\b/;

/**
 * What is missing from the tests: kinds without a test, folders of `src` whose mirror has none. A suite that finds
 * nothing to run would pass for ever.
 */
export function gaps(folder: string = root): string[] {
  const files = testFiles(folder);
  const empty = suites.filter((suite) => !files.some((file) => suiteOf(file) === suite));
  const tested = new Set(files.map((file) => file.split(sep)[1]));
  const bare = foldersOf(join(folder, 'src')).filter((name) => !tested.has(name));
  const stray = files.filter((file) => file.split(sep).length < 3).map((file) => basename(file));
  return [
    ...empty.map((suite) => `there is no test of the kind ${suite}`),
    ...bare.map((name) => `src/${name} has no test in test/${name}`),
    ...stray.map((name) => `test/${name} lies in no folder, so it is no kind of test`),
  ];
}

/** The Debian packages that a kind of test needs. */
export function programsOf(suite: Suite, folder: string = root): readonly string[] {
  if (suite !== 'integration') return [];
  const has = (pattern: string): boolean => globSync(`test/integration/${pattern}`, { cwd: folder }).length > 0;
  const wanted = [
    ...(has('zookeeper*') ? ZOOKEEPER : []),
    ...(has('redis*') ? REDIS : []),
    ...(has('java') ? JAVA : []),
    ...(has('telemetry/promtool.test.ts') ? PROMTOOL : []),
  ];
  return [...new Set(wanted)];
}

const testFiles = (folder: string): string[] => globSync('test/**/*.test.ts', { cwd: folder }).sort();

function foldersOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && globSync('**/*.ts', { cwd: join(folder, entry.name) }).length > 0)
    .map((entry) => entry.name);
}
