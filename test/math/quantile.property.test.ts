import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RollingQuantile } from '../../src/math/quantile.ts';
import { fc } from '../support/fast-check.ts';

const WINDOW = 9_000;

test('whatever comes and whenever, it counts what is in the window and errs by no more than its bucket', () => {
  const step = fc.record({ later: fc.nat({ max: 4_000 }), ms: fc.double({ min: 0, max: 250_000, noNaN: true }) });
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), share, (steps, share) => {
      const quantile = new RollingQuantile(WINDOW);
      const log: { at: number; ms: number }[] = [];
      let now = 0;
      for (const { later, ms } of steps) {
        now += later;
        quantile.observe(ms, now);
        log.push({ at: now, ms });
        const recent = log.filter(({ at }) => Math.floor(at / 3_000) > Math.floor(now / 3_000) - 3);
        assert.equal(quantile.count(now), recent.length);
        const sorted = recent.map((one) => one.ms).sort((a, b) => a - b);
        const real = sorted[Math.ceil(share * sorted.length) - 1]!;
        const read = quantile.read(share, now);
        assert.ok(read >= real && read <= real * (1 + 1 / 32) + 1 / 16, `${read} for ${real}`);
      }
    }),
  );
});
