import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayShare } from '../../scripts/suites.ts';
import { verdict } from '../../scripts/test.ts';

const closing = (counts: Readonly<Record<string, number>>): string =>
  Object.entries({ tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0, ...counts })
    .map(([word, count]) => `ℹ ${word} ${count}`)
    .join('\n');

test('a run whose tests all passed has no problem', () => {
  const { passed, failed, problem } = verdict(0, closing({ tests: 3, pass: 3 }));
  assert.deepEqual([passed, failed, problem], [3, 0, undefined]);
});

test('failed and cancelled tests both count as failed', () => {
  const { passed, failed } = verdict(1, closing({ tests: 6, pass: 3, fail: 2, cancelled: 1 }));
  assert.deepEqual([passed, failed], [3, 3]);
});

test('a run without a test is a problem, though the runner calls it a success', () => {
  assert.equal(verdict(0, closing({})).problem, 'no test ran');
  assert.equal(verdict(0, '').problem, 'no test ran');
});

test('skipped tests and tests left to do are a problem', () => {
  const { problem } = verdict(0, closing({ tests: 5, pass: 3, skipped: 1, todo: 1 }));
  assert.equal(problem, '2 tests were skipped or left to do');
});

test('a runner that ends badly without a failed test is a problem', () => {
  assert.equal(verdict(7, closing({ tests: 1, pass: 1 })).problem, 'the test runner ended with 7');
});

test('of several runs all tests count, and one that failed is found wherever it was', () => {
  const both = [closing({ tests: 3, pass: 3 }), closing({ tests: 5, pass: 4, fail: 1 })].join('\n');
  const { passed, failed } = verdict(1, both);
  assert.deepEqual([passed, failed], [7, 1]);
});

test('only tests of what knows no process may share one', () => {
  for (const file of ['test/math/gcra.test.ts', 'test/core/stack.test.ts', 'test/filters/way.property.test.ts'])
    assert.ok(mayShare(file), file);
  for (const file of [
    'test/server/way-in.test.ts',
    'test/telemetry/spans.test.ts',
    'test/mesh/call.test.ts',
    'test/scripts/test.test.ts',
    'test/simulation/scenarios-1.test.ts',
    'test/integration/kill.test.ts',
  ])
    assert.ok(!mayShare(file), file);
});
