import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from '../../scripts/matrix.ts';
import type { Done } from '../../scripts/steps.ts';

const done = (name: string, passed: number, failed = 0): Done => ({
  name,
  ok: failed === 0,
  output: '',
  ms: 61_000,
  passed,
  failed,
});

test('each Node has a row, which says what passed, what failed and how long it took', () => {
  const all = [
    done('Node 22.1.0: unit', 3_000),
    done('Node 22.1.0: package', 17, 1),
    done('Node 24.0.0: unit', 3_000),
    done('Node 24.0.0: package', 18),
  ];
  assert.deepEqual(tableOf(['22.1.0', '24.0.0'], ['unit', 'package'], all), [
    'Node     unit     package            time',
    '22.1.0   ✔ 3000   ✖ 1 of 18 failed   122.0 s',
    '24.0.0   ✔ 3000   ✔ 18               122.0 s',
  ]);
});

test('a Node that runs fewer tests than another has failed, though all of them passed', () => {
  const [, first, second] = tableOf(
    ['22.1.0', '24.0.0'],
    ['unit'],
    [done('Node 22.1.0: unit', 1_455), done('Node 24.0.0: unit', 3_000)],
  );
  assert.match(first!, /✖ 1455, 1545 fewer than another/);
  assert.match(second!, /✔ 3000 /);
});

test('a Node that came to nothing, or has a problem beside its tests, says so', () => {
  const broken = { name: 'Node 24.0.0: unit', ok: false, output: '', ms: 1_000 };
  assert.match(tableOf(['24.0.0'], ['unit'], [broken])[1]!, /✖ ran none/);
  assert.match(tableOf(['24.0.0'], ['unit'], [{ ...done(broken.name, 5), ok: false }])[1]!, /✖ 5, and a problem/);
});
