import { rm } from 'node:fs/promises';
import { build } from './build.ts';
import { stale } from './docs.ts';
import { faults } from './floors.ts';
import { isMain, run, tool } from './run.ts';
import { type Done, runSteps, type Step, tell, type Verdict } from './steps.ts';
import { gaps, type Suite } from './suites.ts';
import { compiled, test } from './test.ts';

const AT_ONCE = 2;

/** Everything that the check looks at. What stands in one row may run at once; what needs the machine stands alone. */
const plan: readonly (readonly (Step | readonly Step[])[])[] = [
  [{ name: 'build', run: async () => fromCode(await build()) }],
  [
    { name: 'types', run: async () => fromCode(await tool('typescript/bin/tsc', ['-p', '.'])) },
    { name: 'lint', run: async () => fromCode(await tool('@biomejs/biome/bin/biome', ['check', '.'])) },
    { name: 'floors', run: async () => fromLines(await faults()) },
    { name: 'suites', run: async () => fromLines(gaps()) },
    { name: 'reference', run: async () => fromLines(await stale()) },
    { name: 'dead code', run: async () => fromCode(await tool('knip/bin/knip.js', ['--no-progress'])) },
    tests('unit'),
    tests('property', 'conformance'),
    tests('simulation'),
    tests('types'),
  ],
  [[tests('package'), tests('examples')], tests('docs')], // to pack is to build `dist`, which the examples run on
  [tests('integration')],
];

function tests(...suites: readonly Suite[]): Step {
  return {
    name: `${suites.join(' and ')} tests`,
    run: async () => {
      const { passed, failed, problem, failing } = await test(suites, { jobs: 1 });
      return { ok: failed === 0 && problem === undefined, output: [failing, problem].join('\n'), passed, failed };
    },
  };
}

const fromCode = ({ code, output }: { code: number; output: string }): Verdict => ({ ok: code === 0, output });

const fromLines = (lines: readonly string[]): Verdict => ({ ok: lines.length === 0, output: lines.join('\n') });

async function main(): Promise<number> {
  const started = performance.now();
  await rm(compiled, { recursive: true, force: true }); // programs that tests write leave what nobody asks for again
  const version = await run(process.execPath, ['--version']);
  console.log(`Node ${version.output.trim()}, ${process.platform} ${process.arch}`);
  const all: Done[] = [];
  for (const row of plan) all.push(...(await runSteps(row, AT_ONCE, tell)));
  const bad = all.filter(({ ok }) => !ok);
  const sum = (of: 'passed' | 'failed'): number => all.reduce((total, done) => total + (done[of] ?? 0), 0);
  console.log(`\n${all.length} steps in ${((performance.now() - started) / 1_000).toFixed(0)} s`);
  for (const { name } of bad) console.log(`✖ ${name}`);
  // A step that failed without a test failing still is a failure, also for who reads this line alone.
  const other = bad.filter(({ failed }) => !failed).length;
  console.log(`${sum('passed')} passed, ${sum('failed') + other} failed`);
  return bad.length === 0 ? 0 : 1;
}

if (isMain(import.meta)) process.exitCode = await main();
