import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Verdicts } from '../../src/math/verdicts.ts';

test('the window counts exactly what came within ten seconds, to a tenth, whether in a burst or spread', () => {
  const [burst, spread] = [new Verdicts(), new Verdicts()];
  for (let call = 0; call < 20; call++) {
    burst.add(call % 4 === 0, 5_000);
    spread.add(call % 4 === 0, 500 * call);
  }
  assert.deepEqual(burst.recent(9_999), { calls: 20, failures: 5 });
  assert.deepEqual(spread.recent(9_999), { calls: 20, failures: 5 });
  assert.deepEqual(burst.recent(15_000), { calls: 0, failures: 0 });
  assert.deepEqual(spread.recent(10_000), { calls: 18, failures: 4 }, 'the first second has gone');
});

test('what the fleet is judged by is counted apart, and taken once', () => {
  const verdicts = new Verdicts();
  verdicts.addToFleet(true);
  verdicts.addToFleet(false);
  verdicts.add(true, 0);
  assert.deepEqual(verdicts.take(), { calls: 2, failures: 1 });
  assert.deepEqual(verdicts.take(), { calls: 0, failures: 0 });
  assert.deepEqual(verdicts.recent(0), { calls: 1, failures: 1 });
});

test('what was judged is forgotten, and the interval goes on', () => {
  const verdicts = new Verdicts();
  verdicts.add(true, 0);
  verdicts.addToFleet(true);
  verdicts.clear();
  assert.deepEqual(verdicts.recent(0), { calls: 0, failures: 0 });
  assert.deepEqual(verdicts.take(), { calls: 1, failures: 1 });
});
