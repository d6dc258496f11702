import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Vitals } from '../../src/math/vitals.ts';
import { fc } from '../support/fast-check.ts';

const limit = fc.integer({ min: 1, max: 5 });

test('whatever was found before, enough checks in a row that go well make it well, and enough that fail make it sick', () => {
  const found = fc.array(fc.constantFrom('passed', 'failed', 'at once'), { maxLength: 60 });
  fc.assert(
    fc.property(found, limit, limit, (before, unhealthy, healthy) => {
      const limits = { unhealthy, healthy };
      const lived = (): Vitals => {
        const vitals = new Vitals();
        for (const what of before) {
          const { state } = vitals;
          const changed = what === 'passed' ? vitals.passed(limits) : vitals.failed(limits, what === 'at once');
          assert.equal(changed, state !== vitals.state, 'what it says is what happened');
          if (what === 'at once') assert.equal(vitals.state, 'sick');
        }
        return vitals;
      };
      const [up, down] = [lived(), lived()];
      for (let check = 0; check < healthy; check++) up.passed(limits);
      assert.equal(up.state, 'well');
      for (let check = 0; check < unhealthy; check++) down.failed(limits, false);
      assert.equal(down.state, 'sick');
      up.passed(limits);
      assert.equal(up.steady, true);
    }),
  );
});

test('the first that goes well is enough, and not so the first that fails', () => {
  const limits = { unhealthy: 3, healthy: 2 };
  const vitals = new Vitals();
  assert.equal(vitals.failed(limits, false), false);
  assert.equal(vitals.state, 'unknown');
  assert.equal(vitals.passed(limits), true);
  assert.equal(vitals.state, 'well');
});
