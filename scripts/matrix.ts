import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMain, npm, root, run, tool } from './run.ts';
import { type Done, runSteps, type Step, seconds, tell } from './steps.ts';
import type { Suite } from './suites.ts';
import { compiled, type Tested } from './test.ts';

/** Every Node that is supported, as npm's `node` package has it. */
const versions = ['22.23.3', '24.21.0', '26.10.0'] as const;

/**
 * What each of them must pass, run by run: those that mostly wait want to run at once, and the package wants the machine.
 * The rest does not depend on the Node that runs it.
 */
const groups: Readonly<Record<string, readonly Suite[]>> = {
  unit: ['unit', 'property', 'simulation', 'conformance'],
  package: ['package'],
  integration: ['integration'],
};

/** What tests are written with and a Node may not have, and what is done about it. */
const needs = [
  {
    name: '`using`',
    has: `(() => { try { return !!new Function('{ using it = null; }'); } catch { return false; } })()`,
    instead: 'files that say it run as the compiler writes them for ES2024',
  },
  {
    name: '--test-isolation',
    has: `process.allowedNodeEnvironmentFlags.has('--test-isolation')`,
    instead: 'it has another name there',
  },
] as const;

/** A Node of the matrix, ready to run. */
interface Ready {
  readonly version: string;
  readonly binary: string;
  readonly lacks: readonly (typeof needs)[number][];
}

/** A Node of this version, installed beside the lockfile's tree, and asked what it has. */
async function install(version: string): Promise<Ready> {
  const folder = join(root, '.cache', `node-${version}`);
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(binary)) {
    await mkdir(folder, { recursive: true });
    const flags = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts=false', '--force'];
    const { code, output } = await npm(['install', '--prefix', folder, ...flags, `node@${version}`], { cwd: folder });
    if (code !== 0) throw new Error(`node ${version} could not be installed:\n${output}`);
  }
  const question = `JSON.stringify([process.versions.node, ${needs.map(({ has }) => has).join()}])`;
  const { code, output } = await run(binary, ['-p', question]);
  if (code !== 0) throw new Error(`node ${version} does not run:\n${output}`);
  const [actual, ...has] = JSON.parse(output) as [string, ...boolean[]];
  if (actual !== version) throw new Error(`asked for Node ${version}, got ${actual}`);
  return { version, binary, lacks: needs.filter((_, at) => !has[at]) };
}

/** Writes everything down for ES2024, for a Node that does not know the newest words. */
async function compile(): Promise<void> {
  const to = ['--noCheck', '--noEmit', 'false', '--rootDir', root, '--outDir', join(root, '.cache', 'es2024')];
  await tool('typescript/bin/tsc', ['-p', root, ...to]); // what is wrong with types is for the check to say
}

/** What a Node needs to be told, and all that it starts. */
const optionsFor = ({ lacks }: Ready): string =>
  [
    '--disable-warning=ExperimentalWarning',
    ...(lacks.length > 0 ? [`--import=${new URL('node22.ts', import.meta.url).href}`] : []),
  ].join(' ');

const stepOf = (node: Ready, group: string): Step => ({
  name: `Node ${node.version}: ${group}`,
  async run() {
    const env = { NODE_OPTIONS: optionsFor(node) };
    const { code, output } = await run(node.binary, ['scripts/test.ts', '--brief', ...groups[group]!], { env });
    const tested = told(output);
    if (tested === undefined) return { ok: false, output: `ended with ${code}\n${output}` };
    const { passed, failed, problem, failing } = tested;
    return { ok: code === 0, output: [failing, problem].join('\n'), passed, failed };
  },
});

/** What a run that was to be brief says, in a line among those that Node itself may print; nothing where it broke off. */
function told(output: string): Tested | undefined {
  const line = output.split('\n').findLast((line) => line.startsWith('{"passed":'));
  return line === undefined ? undefined : (JSON.parse(line) as Tested);
}

/**
 * Each Node in a row, and what came of each group. To run fewer tests than another that passed them all is a failure, too:
 * some were lost, and nobody else would notice.
 */
export function tableOf(nodes: readonly string[], columns: readonly string[], done: readonly Done[]): string[] {
  const at = (node: string, column: string) => done.find(({ name }) => name === `Node ${node}: ${column}`);
  const ran = (one: Done | undefined): number => (one?.passed ?? 0) + (one?.failed ?? 0);
  const cell = (node: string, column: string): string => {
    const one = at(node, column);
    if (one?.passed === undefined) return '✖ ran none';
    const most = Math.max(...nodes.map((other) => (at(other, column)?.ok ? ran(at(other, column)) : 0)));
    const lost = most > ran(one) ? `, ${most - ran(one)} fewer than another` : '';
    if (one.ok) return `${lost ? '✖' : '✔'} ${one.passed}${lost}`;
    return `✖ ${one.failed ? `${one.failed} of ${ran(one)} failed` : `${one.passed}, and a problem`}${lost}`;
  };
  const time = (node: string): string =>
    seconds(done.filter(({ name }) => name.startsWith(`Node ${node}: `)).reduce((sum, { ms }) => sum + ms, 0));
  const rows = [
    ['Node', ...columns, 'time'],
    ...nodes.map((node) => [node, ...columns.map((column) => cell(node, column)), time(node)]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join('   ')
      .trimEnd(),
  );
}

async function main(args: readonly string[]): Promise<number> {
  const chosen = versions.filter((version) => args.length === 0 || args.includes(version.split('.')[0]!));
  if (chosen.length === 0) throw new Error(`no such Node here; there are ${versions.join(', ')}`);
  await rm(compiled, { recursive: true, force: true });
  const nodes: Ready[] = [];
  for (const version of chosen) nodes.push(await install(version));
  for (const { version, lacks } of nodes) {
    for (const { name, instead } of lacks) console.log(`Node ${version} lacks ${name}: ${instead}`);
  }
  if (nodes.some(({ lacks }) => lacks.length > 0)) await compile();
  const names = Object.keys(groups);
  const done = await runSteps(
    nodes.flatMap((node) => names.map((group) => stepOf(node, group))),
    1,
    tell,
  );
  const table = tableOf(chosen, names, done).join('\n');
  console.log(`\n${table}`);
  return table.includes('✖') ? 1 : 0;
}

if (isMain(import.meta)) process.exitCode = await main(process.argv.slice(2));
