import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMain, npm, root, run, tool } from './run.ts';
import type { Suite } from './suites.ts';
import { verdict } from './test.ts';

/** Every Node that is supported, as npm's `node` package has it. */
const versions = ['22.23.3', '24.21.0', '26.10.0'] as const;

/**
 * What each of them must pass, run by run: those that mostly wait want to run at once, and the package wants the machine.
 * The rest does not depend on the Node that runs it.
 */
const wanted: readonly (readonly Suite[])[] = [
  ['unit', 'property', 'simulation', 'conformance'],
  ['package'],
  ['integration'],
];

interface Row {
  readonly version: string;
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly ms: number;
}

/** A Node of this version, installed beside the lockfile's tree. */
async function install(version: string): Promise<string> {
  const folder = join(root, '.cache', `node-${version}`);
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(binary)) return binary;
  await mkdir(folder, { recursive: true });
  const flags = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts=false', '--force'];
  const { code, output } = await npm(['install', '--prefix', folder, ...flags, `node@${version}`], { cwd: folder });
  if (code !== 0) throw new Error(`node ${version} could not be installed:\n${output}`);
  return binary;
}

/** Writes everything down for ES2024, for a Node that does not know the newest words. */
async function compile(): Promise<void> {
  const to = ['--noCheck', '--noEmit', 'false', '--rootDir', root, '--outDir', join(root, '.cache', 'es2024')];
  await tool('typescript/bin/tsc', ['-p', root, ...to]); // what is wrong with types is for the check to say
}

/** What a Node needs to be told, and all that it starts. */
const optionsFor = (version: string): string =>
  [
    '--disable-warning=ExperimentalWarning',
    ...(version.startsWith('22.') ? [`--import=${new URL('node22.ts', import.meta.url).href}`] : []),
  ].join(' ');

async function runOn(version: string): Promise<Row> {
  const started = performance.now();
  const binary = await install(version);
  const actual = (await run(binary, ['--version'])).output.trim();
  if (actual !== `v${version}`) throw new Error(`asked for Node ${version}, got ${actual}`);
  const env = { NODE_OPTIONS: optionsFor(version) };
  const row = { ok: true, passed: 0, failed: 0 };
  for (const some of wanted) {
    const { code, output } = await run(binary, ['scripts/test.ts', ...some], { env });
    const { passed, failed, problem } = verdict(code, output);
    const ok = code === 0 && failed === 0 && problem === undefined;
    if (!ok) console.log(output);
    console.log(`${version}: ${some.join(', ')}: ${passed} passed, ${failed} failed`);
    row.ok &&= ok;
    row.passed += passed;
    row.failed += failed;
  }
  return { version, ...row, ms: performance.now() - started };
}

async function main(args: readonly string[]): Promise<number> {
  const chosen = versions.filter((version) => args.length === 0 || args.includes(version.split('.')[0]!));
  if (chosen.length === 0) throw new Error(`no such Node here; there are ${versions.join(', ')}`);
  await compile();
  const rows: Row[] = [];
  for (const version of chosen) rows.push(await runOn(version));
  console.log('\nNode       result  passed  failed     time');
  for (const { version, ok, passed, failed, ms } of rows) {
    const time = `${(ms / 1_000).toFixed(0)} s`;
    console.log(
      `${version.padEnd(10)} ${(ok ? '✔' : '✖').padEnd(6)} ${`${passed}`.padStart(7)} ${`${failed}`.padStart(7)} ${time.padStart(8)}`,
    );
  }
  return rows.every(({ ok }) => ok) ? 0 : 1;
}

if (isMain(import.meta)) process.exitCode = await main(process.argv.slice(2));
