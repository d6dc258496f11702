import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RollingSum } from '../../src/math/rolling-sum.ts';
import { fc } from '../support/fast-check.ts';

test('the sum is that of the newest ten slices, as a list of all that was ever added would give it', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 100 }), fc.nat({ max: 3_000 })), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 20_000 }), steps, (windowMs, added) => {
      const sum = new RollingSum(windowMs);
      const sliceMs = windowMs / 10;
      const all: { amount: number; slice: number }[] = [];
      let now = 0;
      for (const [amount, later] of added) {
        now += later;
        sum.add(amount, now);
        all.push({ amount, slice: Math.floor(now / sliceMs) });
        const oldest = Math.floor(now / sliceMs) - 9;
        const naive = all.filter(({ slice }) => slice >= oldest).reduce((total, { amount }) => total + amount, 0);
        assert.equal(sum.sum(now), naive);
      }
    }),
  );
});
