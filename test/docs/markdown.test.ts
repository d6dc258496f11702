import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocksOf, snippetsOf } from './markdown.ts';

const page = [
  '# Title',
  '```ts run',
  'const a = 1;',
  '```',
  'between',
  '```json policy',
  '{}',
  '```',
  '```ts continues',
  'console.log(a);',
  '```',
  '```ts',
  'const a = 2;',
  '```',
].join('\n');

test('blocks know their language, their marks and their line', () => {
  assert.deepEqual(
    blocksOf('x.md', page).map(({ language, marks, line, text }) => [language, marks.join(), line, text]),
    [
      ['ts', 'run', 3, 'const a = 1;\n'],
      ['json', 'policy', 7, '{}\n'],
      ['ts', 'continues', 10, 'console.log(a);\n'],
      ['ts', '', 13, 'const a = 2;\n'],
    ],
  );
});

test('a block that continues joins the one before, and each keeps its line', () => {
  const [first, second, ...others] = snippetsOf('x.md', page);
  assert.deepEqual([first?.runs, first?.line, second?.runs, others.length], [true, 3, false, 0]);
  const lines = first!.code.split('\n');
  assert.equal(lines[3 - 1], 'const a = 1;');
  assert.equal(lines[10 - 1], 'console.log(a);');
  assert.equal(second!.code.split('\n')[13 - 1], 'const a = 2;');
});

test('a mark that means nothing is refused, and so is never silently left out', () => {
  assert.throws(() => blocksOf('x.md', '```ts runs\n```\n'), /x\.md:1: 'runs' means nothing; there are run, continues/);
});
