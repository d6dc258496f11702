import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ejection } from '../../src/math/ejection.ts';
import { fc } from '../support/fast-check.ts';

test('there is no state without a way out: from wherever it is, one probe that succeeds brings it back', () => {
  const verdict = fc.constantFrom('success', 'failure', 'none', 'probe', 'stale');
  const limits = fc.record({
    failures: fc.nat({ max: 5 }),
    ejection: fc.integer({ min: 1, max: 10_000 }),
    maxEjection: fc.integer({ min: 1, max: 300_000 }),
    forget: fc.integer({ min: 1, max: 60_000 }),
  });
  const steps = fc.array(fc.tuple(verdict, fc.nat({ max: 60_000 }), limits), { maxLength: 100 });
  fc.assert(
    fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (taken, random) => {
      const ejection = new Ejection();
      let now = 0;
      for (const [what, later, limits] of taken) {
        now += later;
        const { state, term } = ejection;
        if (what === 'success') ejection.succeeded(term, now);
        else if (what === 'failure') {
          const ms = ejection.failed(term, limits, now, random);
          assert.ok(ms >= 0 && ms <= Math.min(limits.maxEjection, limits.ejection * 2 ** 30), `${ms}`);
          if (ms > 0) assert.equal(ejection.state, 'out');
          if (ms > 0) assert.ok(ejection.until <= now + limits.maxEjection);
        } else if (what === 'none') ejection.undecided(term, now);
        else if (what === 'stale') ejection.failed(term - 1, limits, now, random);
        else if (state === 'out') ejection.probe();
        if (state === 'probing' && what !== 'stale' && what !== 'probe') assert.notEqual(ejection.state, 'probing');
      }
      if (ejection.state === 'out') ejection.probe();
      ejection.succeeded(ejection.term, now);
      assert.equal(ejection.state, 'in');
      assert.equal(ejection.failures, 0);
    }),
  );
});
