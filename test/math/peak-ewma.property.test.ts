import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeakEwma } from '../../src/math/peak-ewma.ts';
import { fc } from '../support/fast-check.ts';

test('the estimate never leaves the range of what was observed, and fades but never grows while nothing is', () => {
  const answers = fc.array(fc.tuple(fc.nat({ max: 60_000 }), fc.nat({ max: 30_000 })), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(answers, fc.integer({ min: 10, max: 100_000 }), (observed, decay) => {
      const ewma = new PeakEwma();
      let now = 0;
      for (const [ms, later] of observed) {
        now += later;
        ewma.observe(ms, now, decay);
        const all = observed.map(([ms]) => ms);
        const read = ewma.read(now, decay);
        assert.ok(read >= Math.min(...all) - 1e-6 && read <= Math.max(...all) + 1e-6, `${read} of ${all}`);
        assert.ok(read >= ms - 1e-6, 'a peak counts at once');
        assert.ok(ewma.read(now + 500, decay) <= read);
      }
    }),
  );
});
