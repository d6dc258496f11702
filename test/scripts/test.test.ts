import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdict } from '../../scripts/test.ts';

const closing = (counts: Readonly<Record<string, number>>): string =>
  Object.entries({ tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0, ...counts })
    .map(([word, count]) => `ℹ ${word} ${count}`)
    .join('\n');

const ended = (code: number, counts: Readonly<Record<string, number>>, before = '', after = '') => ({
  code,
  output: [before, closing(counts), after].join('\n'),
});

test('a run whose tests all passed has no problem', () => {
  const { passed, failed, problem } = verdict([ended(0, { tests: 3, pass: 3 })]);
  assert.deepEqual([passed, failed, problem], [3, 0, undefined]);
});

test('failed and cancelled tests both count as failed', () => {
  const { passed, failed } = verdict([ended(1, { tests: 6, pass: 3, fail: 2, cancelled: 1 })]);
  assert.deepEqual([passed, failed], [3, 3]);
});

test('a run without a test is a problem, though the runner calls it a success', () => {
  assert.equal(verdict([ended(0, {})]).problem, 'no test ran');
  assert.equal(verdict([{ code: 0, output: '' }]).problem, 'no test ran');
});

test('skipped tests and tests left to do are a problem', () => {
  const { problem } = verdict([ended(0, { tests: 5, pass: 3, skipped: 1, todo: 1 })]);
  assert.equal(problem, '2 tests were skipped or left to do');
});

test('a runner that ends badly without a failed test is a problem', () => {
  assert.equal(verdict([ended(7, { tests: 1, pass: 1 })]).problem, 'the test runner ended with 7');
});

test('of several runs all tests count, and one that failed is found wherever it was', () => {
  const { passed, failed } = verdict([ended(0, { tests: 3, pass: 3 }), ended(1, { tests: 5, pass: 4, fail: 1 })]);
  assert.deepEqual([passed, failed], [7, 1]);
});

test('of a run that failed only the tests that did are shown, and of one that broke off all but what was well', () => {
  const why = '✖ failing tests:\n\n✖ it does not (1ms)\n  Error: why\n';
  const well = ended(0, { tests: 1, pass: 1 }, '✔ it does (1ms)');
  const bad = ended(1, { tests: 2, pass: 1, fail: 1 }, '✔ so does this (1ms)\n✖ it does not (1ms)', `\n${why}`);
  assert.equal(verdict([well, bad, well]).failing, why);
  const hung = 'it.test.ts was ended: something keeps it alive';
  assert.equal(verdict([ended(1, { tests: 1, fail: 1 }, hung, why)]).failing, `${hung}\n${why}`);
  const broken = { code: 7, output: '✔ it does (1ms)\n▶ a suite\n  ✔ that does, too (1ms)\nError: out of memory\n' };
  assert.equal(verdict([well, broken]).failing, '▶ a suite\nError: out of memory\n');
});

test('tests that were skipped are named', () => {
  const run = ended(0, { tests: 2, pass: 1, skipped: 1 }, '✔ it does (1ms)\n﹣ not today (1ms) # SKIP');
  assert.equal(verdict([run]).failing, '﹣ not today (1ms) # SKIP\n');
});
