import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type House, house } from '../../scripts/floors/house.ts';
import { inspect } from '../../scripts/floors.ts';

const TABLE = `export const table = { retry: { about: '', fields: { attempts: {} } } };\n`;
const WAY = `export const way = [{ name: 'retry', filter: 1 }];\n`;

/** A house in which nothing is wrong. */
const sound: Readonly<Record<string, string>> = {
  'src/index.ts': `export { call } from './mesh/call.ts';\n`,
  'src/policy/table.ts': TABLE,
  'src/core/clock.ts': `export const now = () => performance.now() + Date.now();\nsetTimeout(() => {}, 1);\n`,
  'src/core/random.ts': `export const next = () => Math.random();\n`,
  'src/filters/retry.ts': `import { now } from '../core/clock.ts';\nexport const retry = now;\n`,
  'src/local/files.ts': `import 'node:fs';\nexport const files = 1;\n`,
  'src/mesh/call.ts': `import { retry } from '../filters/retry.ts';\nexport const call = retry;\n`,
  'src/mesh/outbound.ts': WAY,
  'test/filters/retry.test.ts': `// the test\n`,
  'docs/reference/policy.md': `## retry\n`,
};

const plain: House = { ...house, packages: [], shared: [], hidden: [], sections: [] };

/** What is found in the sound house after these files were put into it. An empty text takes a file away. */
async function found(planted: Readonly<Record<string, string>>, plan: Partial<House> = {}): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), 'inmesh-floors-'));
  try {
    for (const [path, text] of Object.entries({ ...sound, ...planted })) {
      if (text === '') continue;
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return await inspect(root, { ...plain, ...plan });
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** One fault planted, and the one sentence that tells of it. */
const faults: readonly [rule: string, planted: Readonly<Record<string, string>>, told: RegExp][] = [
  [
    'an import that goes up',
    { 'src/core/up.ts': `import { call } from '../mesh/call.ts';\nexport const up = call;\n` },
    /^src\/core\/up\.ts:1 imports src\/mesh\/call\.ts: core\/ \(floor 1\) must not reach up to mesh\/ \(floor 4\)$/,
  ],
  [
    'an import that goes up by its types only',
    { 'src/core/up.ts': `\nimport type { Call } from '../mesh/call.ts';\nexport type Up = Call;\n` },
    /^src\/core\/up\.ts:2 imports src\/mesh\/call\.ts/,
  ],
  [
    'an import that goes up in the middle of a type',
    { 'src/core/up.ts': `export type Up = typeof import('../mesh/call.ts');\n` },
    /^src\/core\/up\.ts:1 imports src\/mesh\/call\.ts/,
  ],
  [
    'an import that goes up when the program runs',
    { 'src/core/up.ts': "export const up = () => import(\n  '../mesh/call.ts',\n);\n" },
    /^src\/core\/up\.ts:1 imports src\/mesh\/call\.ts/,
  ],
  [
    'an import between two folders of one floor',
    { 'src/balancer/pick.ts': `import { retry } from '../filters/retry.ts';\nexport const pick = retry;\n` },
    /^src\/balancer\/pick\.ts:1 imports src\/filters\/retry\.ts: balancer\/ and filters\/ are both on floor 2$/,
  ],
  [
    'an import through the front door from inside',
    { 'src/testing/kit.ts': `import { call } from '../index.ts';\nexport const kit = call;\n` },
    /^src\/testing\/kit\.ts:1 imports src\/index\.ts: nothing inside the house comes in by its doors$/,
  ],
  [
    'an import whose name only the running program knows',
    { 'src/mesh/plug.ts': `export const plug = (name: string) => import(name);\n` },
    /^src\/mesh\/plug\.ts:1 imports something that only the running program knows$/,
  ],
  [
    'an import of a file that is not there',
    { 'src/mesh/lost.ts': `import './gone.ts';\n` },
    /^src\/mesh\/lost\.ts:1 imports \.\/gone\.ts, which is no file of src$/,
  ],
  ['a folder without a floor', { 'src/attic/box.ts': `export const box = 1;\n` }, /^src\/attic\/ has no floor/],
  ['a loose file', { 'src/loose.ts': `export const loose = 1;\n` }, /^src\/loose\.ts is no entry point/],
  [
    'a circle of types',
    {
      'src/core/a.ts': `import type { B } from './b.ts';\nexport type A = B;\n`,
      'src/core/b.ts': `import type { C } from './c.ts';\nexport type B = C;\n`,
      'src/core/c.ts': `import type { A } from './a.ts';\nexport type C = A;\n`,
    },
    /^a circle: src\/core\/a\.ts, src\/core\/b\.ts, src\/core\/c\.ts need each other$/,
  ],
  [
    'a file that imports itself',
    { 'src/core/a.ts': `import { a as b } from './a.ts';\nexport const a = () => b;\n` },
    /^a circle: src\/core\/a\.ts need each other$/,
  ],
  ['a barrel', { 'src/core/all.ts': `export * from './clock.ts';\n` }, /^src\/core\/all\.ts:1 hands on \.\/clock\.ts;/],
  [
    'a barrel in two steps',
    { 'src/core/all.ts': `import { now } from './clock.ts';\nexport { now };\n` },
    /^src\/core\/all\.ts hands on now, which it imported; only entry points do$/,
  ],
  [
    'a node module on a low floor',
    { 'src/math/net.ts': `import 'node:net';\n` },
    /^src\/math\/net\.ts:1 imports node:net: packages are for floor 3 and up, this is floor 0$/,
  ],
  [
    'a package on a low floor',
    { 'src/discovery/x.ts': `import { x } from '@scope/name/deep';\nexport const y = x;\n` },
    /^src\/discovery\/x\.ts:1 imports @scope\/name: packages are for floor 3 and up, this is floor 2$/,
  ],
  [
    'a package in two folders',
    { 'src/transport/a.ts': `import 'undici';\n`, 'src/mesh/b.ts': `import 'undici/types';\n` },
    /^undici is imported in src\/mesh and src\/transport; one folder has to own it$/,
  ],
  ['a file too long', { 'src/core/long.ts': 'export {};\n'.repeat(301) }, /^src\/core\/long\.ts has 301 lines; 300 is/],
  ['a test too long', { 'test/core/long.test.ts': '\n;'.repeat(301) }, /^test\/core\/long\.test\.ts has \d+ lines/],
  [
    'a front door too wide',
    { 'src/index.ts': Array.from({ length: 41 }, (_, i) => `export const a${i} = ${i};`).join('\n') },
    /^src\/index\.ts has 41 public names; 40 is the most$/,
  ],
  [
    'a front door without a list',
    { 'src/index.ts': `export * from './mesh/call.ts';\n` },
    /^src\/index\.ts exports \*; name what is public$/,
  ],
  [
    'a section with too many fields',
    { 'src/policy/table.ts': TABLE.replace('attempts: {}', 'a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1') },
    /^policy section retry has 7 fields; 6 is the most$/,
  ],
  [
    'a filter without a policy section',
    {
      'src/filters/hedge.ts': `export const hedge = 1;\n`,
      'test/filters/hedge.test.ts': ';',
      'src/mesh/outbound.ts': `${WAY}export const more = { name: 'hedge' };\n`,
    },
    /^src\/filters\/hedge\.ts: no section of the policy is named 'hedge'$/,
  ],
  ['a filter without a test', { 'test/filters/retry.test.ts': '' }, /there is no test\/filters\/retry\.test\.ts$/],
  [
    'a filter that is no slot',
    { 'src/mesh/outbound.ts': `export const way = [];\n` },
    /^src\/filters\/retry\.ts: no slot of src\/mesh\/outbound\.ts is named 'retry'$/,
  ],
  [
    'a policy section that nothing reads',
    {
      'src/policy/table.ts': TABLE.replace('{ retry:', '{ idle: { fields: {} }, retry:'),
      'docs/reference/policy.md': '## idle\n\n## retry\n',
    },
    /^policy section idle: there is no src\/filters\/idle\.ts to read it$/,
  ],
  [
    'a policy section without a heading',
    { 'docs/reference/policy.md': '## retries\n' },
    /^policy section retry: docs\/reference\/policy\.md has no heading of that name$/,
  ],
];

test('a sound house has no faults', async () => {
  assert.deepEqual(await found({}), []);
});

for (const [rule, planted, told] of faults) {
  test(`${rule} is found, and told in one sentence`, async () => {
    const [first, ...others] = await found(planted);
    assert.deepEqual(others, []);
    assert.match(first ?? 'nothing was found', told);
  });
}

for (const [uses, what] of [
  ['Date.now()', 'Date'],
  ['new Date()', 'Date'],
  ['new Date', 'Date'],
  ['Date()', 'Date'],
  ['performance.now()', 'performance'],
  ['Math.random()', 'Math.random'],
  ['setTimeout(() => {}, 1)', 'setTimeout'],
  ['globalThis.setTimeout(() => {}, 1)', 'setTimeout'],
  ['setInterval(() => {}, 1)', 'setInterval'],
  ['setImmediate(() => {})', 'setImmediate'],
  ['process.env.HOME', 'process.env'],
  ['crypto.getRandomValues(new Uint8Array(1))', 'crypto.getRandomValues'],
  ['crypto.randomUUID()', 'crypto.randomUUID'],
  ['AbortSignal.timeout(1)', 'AbortSignal.timeout'],
  ['`${`${Math.random()}`}`', 'Math.random'],
  ["import('node:timers/promises')", 'node:timers/promises'],
] as const) {
  test(`${uses} outside the two files that own time and chance is found`, async () => {
    const faults = await found({ 'src/mesh/x.ts': `export const x = () => ${uses};\n` });
    assert.deepEqual(faults, [`src/mesh/x.ts:1 uses ${what}: time and chance come from the Env`]);
  });
}

test('what only looks like an import, a clock or chance is left alone', async () => {
  const innocent = [
    `// import '../mesh/call.ts'; Date.now()`,
    `/* import '../mesh/call.ts'; Math.random() */`,
    `const text = "import '../mesh/call.ts'; Date.now()";`,
    'const template = `import "../mesh/call.ts"; ${text} setTimeout(1)`;',
    `const pattern = /['"]|setTimeout\\(|import '[/]'/;`,
    `const half = 4 / 2; const again = half / 2; // '`,
    `const moment = Date.parse(text) + Date.UTC(2026, 0, 1) + new Date(0).getTime();`,
    `const settings = { import: 1, performance: 2, timeout: 3, setTimeout() {}, async require(x: string) {} };`,
    `interface Socket { setTimeout(ms: number): void; import(name: string): void; readonly performance: number }`,
    `export const x = [template, pattern, again, moment, settings.performance, settings.import];`,
  ].join('\n');
  assert.deepEqual(await found({ 'src/core/innocent.ts': `${innocent}\n` }), []);
});

test('an exception excuses what it names, where it names it', async () => {
  const because = 'a test says so';
  const planted = { 'src/core/a.ts': `import 'node:net';\nsetImmediate(() => {});\n` };
  const excused = await found(planted, {
    packages: [{ where: 'core/', what: 'node:net', because }],
    hidden: [{ where: 'core/a.ts', what: 'setImmediate', because }],
  });
  const elsewhere = await found(planted, {
    packages: [{ where: 'math/', what: 'node:net', because }],
    hidden: [{ where: 'core/b.ts', what: 'setImmediate', because }],
  });
  assert.deepEqual(excused, []);
  assert.equal(elsewhere.length, 4, elsewhere.join('\n')); // two faults, and two exceptions that excuse nothing
});

test('an exception that is not needed any more is found', async () => {
  const shared = [{ where: 'core/', what: 'left-pad', because: 'it was once' }];
  assert.deepEqual(await found({}, { shared }), ['src/core/ may use left-pad, but does not; drop the exception']);
});

test('a policy with too many fields in all is found', async () => {
  const names = Array.from({ length: 22 }, (_, i) => `s${i}`);
  const section = `{ fields: { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 } }`;
  const table = `export const table = { ${names.map((name) => `${name}: ${section}`).join(', ')} };\n`;
  const sections = names.map((what) => ({ where: 'mesh/', what, because: 'of the test' }));
  const page = names.map((name) => `## ${name}\n`).join('\n');
  const planted = { 'src/policy/table.ts': table, 'docs/reference/policy.md': page, 'src/filters/retry.ts': '' };
  const faults = await found({ ...planted, 'src/mesh/call.ts': 'export const call = 1;\n' }, { sections });
  assert.deepEqual(faults, ['the policy has 132 fields; 130 is the most']);
});
