import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { node, root, tool } from '../../scripts/run.ts';
import { checkPolicy } from '../../src/policy/check.ts';
import { blocksOf, read, type Snippet, snippetsOf, written } from './markdown.ts';
import { openWorld, type World } from './world.ts';

const LONGEST_MS = 60_000; // a snippet that does not end by itself has left something open

const snippets = written.flatMap((page) => snippetsOf(page, read(page)));
const blocks = written.flatMap((page) => blocksOf(page, read(page)));

let world: World;
let folder: string;
before(async () => {
  await mkdir(join(root, '.cache'), { recursive: true });
  folder = await mkdtemp(join(root, '.cache', 'pages-')); // in here, so that packages are found
  world = await openWorld();
});
after(async () => {
  await world?.[Symbol.asyncDispose]();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** Puts a snippet into a file named after where it stands. */
async function lay(snippet: Snippet): Promise<string> {
  const file = join(folder, `${snippet.page}.${snippet.line}.ts`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, snippet.code);
  return file;
}

test('every TypeScript block of the README and the guides compiles', async () => {
  await Promise.all(snippets.map(lay));
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, moduleDetection: 'force' },
    include: ['**/*.ts', join(root, 'test/docs/reader.d.ts'), join(root, 'src/**/*.d.ts')],
    exclude: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { code, output } = await tool('typescript/bin/tsc', ['-p', folder]);
  assert.equal(code, 0, output);
});

for (const snippet of snippets.filter(({ runs }) => runs)) {
  test(`the code at ${snippet.page}:${snippet.line} runs as it stands, and ends`, async () => {
    const hook = pathToFileURL(join(root, 'test/docs/self.ts')).href;
    const flags = ['--import', hook, '--unhandled-rejections=strict'];
    const { code, output } = await node([...flags, await lay(snippet)], { env: world.env, longestMs: LONGEST_MS });
    assert.equal(code, 0, output);
    if (snippet.prints !== undefined) assert.match(output, shown(snippet.prints), output);
  });
}

/** That text and no other; `…` stands for whatever comes in the same line, a line of it alone for any lines. */
function shown(text: string): RegExp {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll(/^…\n/gm, '(?:.*\n)*').replaceAll('…', '.*')}$`);
}

test('the first code that a reader sees is one that runs, and has at most fifteen lines', () => {
  const first = blocks.find(({ page, language }) => page === 'README.md' && language === 'ts');
  assert.ok(first !== undefined, 'README.md has no code');
  assert.ok(first.marks.includes('run'), 'README.md begins with code that no test runs');
  assert.ok(first.text.trimEnd().split('\n').length <= 15, first.text);
});

test('every JSON block can be read, and every policy among them is a good one', () => {
  for (const { page, line, text, marks } of blocks.filter(({ language }) => language === 'json')) {
    const value: unknown = JSON.parse(text);
    if (marks.includes('policy')) assert.doesNotThrow(() => checkPolicy(value), `${page}:${line}`);
  }
});

test('every npm script that a page names is there', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const named = written.flatMap((page) => [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!));
  assert.ok(named.length > 0, 'no page names an npm script');
  assert.deepEqual(
    named.filter((name) => !Object.hasOwn(scripts, name)),
    [],
  );
});
