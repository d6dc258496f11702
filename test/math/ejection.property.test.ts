import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ejection } from '../../src/math/ejection.ts';
import { fc } from '../support/fast-check.ts';

test('there is no state without a way out: from wherever it is, a call may try within bounds, and its success brings it back', () => {
  const what = fc.constantFrom('success', 'failure', 'none', 'probe', 'stale', 'judged', 'rest', 'forgive');
  const limits = fc.record({
    failures: fc.nat({ max: 5 }),
    ejection: fc.integer({ min: 1, max: 10_000 }),
    maxEjection: fc.integer({ min: 1, max: 300_000 }),
    forget: fc.integer({ min: 1, max: 60_000 }),
  });
  const steps = fc.array(fc.tuple(what, fc.nat({ max: 60_000 }), limits), { maxLength: 100 });
  fc.assert(
    fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (taken, random) => {
      const ejection = new Ejection();
      let now = 0;
      let latest = 0; // it may be tried by then, whatever happens
      for (const [what, later, limits] of taken) {
        now += later;
        const { state, term } = ejection;
        const out = (ms: number): void => {
          assert.equal(ejection.state, 'out');
          assert.equal(ejection.until, now + ms);
          latest = Math.max(latest, now + ms);
        };
        if (what === 'success') ejection.succeeded(term, now);
        else if (what === 'failure') {
          if (ejection.failed(term, limits.failures)) out(ejection.eject(limits, now, random, 'why'));
        } else if (what === 'judged') {
          if (state === 'in') out(ejection.eject(limits, now, random, 'why'));
        } else if (what === 'rest') {
          if (state !== 'out') {
            ejection.rest(later, limits, now, 'why');
            out(later);
          }
        } else if (what === 'none') {
          if (ejection.undecided(term, now)) out(0);
        } else if (what === 'stale') assert.equal(ejection.failed(term - 1, limits.failures), false);
        else if (what === 'forgive') ejection.forgive();
        else if (state !== 'in' && ejection.until <= now) {
          ejection.probe(now);
          latest = Math.max(latest, now + 10_000);
        }
        assert.ok(ejection.until <= latest, `${ejection.until} is later than ${latest}`);
        assert.ok(ejection.until <= now + 300_000);
        if (state === 'probing' && (what === 'success' || what === 'failure' || what === 'none')) {
          assert.notEqual(ejection.state, 'probing');
        }
      }
      if (ejection.state !== 'in') ejection.probe(Math.max(now, ejection.until));
      ejection.succeeded(ejection.term, now);
      assert.equal(ejection.state, 'in');
      assert.equal(ejection.failures, 0);
    }),
  );
});
