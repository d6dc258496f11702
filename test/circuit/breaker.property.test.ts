import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker, type Limits } from '../../src/circuit/breaker.ts';
import { testEnv } from '../../src/testing/env.ts';
import { fc } from '../support/fast-check.ts';

const limits = fc.record({
  mode: fc.constant('enforce' as const),
  threshold: fc.double({ min: 0.01, max: 1, noNaN: true }),
  volume: fc.integer({ min: 5, max: 30 }),
  window: fc.integer({ min: 100, max: 20_000 }),
  open: fc.integer({ min: 1, max: 10_000 }),
  slow: fc.record({
    over: fc.constantFrom(Number.POSITIVE_INFINITY, 1_000),
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
  }),
}) satisfies fc.Arbitrary<Limits>;

/** What may befall a breaker: a call, an end of one of those under way (or never), time, another policy. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ is: fc.constant('call' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('end' as const),
      which: fc.nat(),
      verdict: fc.constantFrom('success' as const, 'failure' as const, 'failure' as const, 'none' as const),
      slow: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 6_000 }) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('push' as const), limits }) },
);

test('whatever befalls a circuit, at most one call tries at a time, and there is a way back to closed', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 200 }), (first, steps) => {
      let [now, current] = [0, first];
      const breaker = new Breaker(testEnv(), { service: 'orders', route: '' }, first, now);
      const underWay: number[] = [];
      for (const one of steps) {
        if (one.is === 'wait') now += one.ms;
        else if (one.is === 'push') current = one.limits;
        else if (one.is === 'call') {
          const term = breaker.admit(current, now);
          if (term === undefined) assert.notEqual(breaker.state, 'closed');
          else underWay.push(term);
          if (breaker.state === 'half-open') assert.equal(breaker.admit(current, now), undefined);
        } else if (underWay.length > 0) {
          const [term] = underWay.splice(one.which % underWay.length, 1);
          breaker.report(term!, one.verdict, now, one.slow);
        }
        const { calls, failures, slow } = breaker.facts(now);
        assert.ok(failures >= 0 && failures <= calls && slow >= 0 && slow <= calls);
      }
      now += 10_000; // as long as any may be open, or any call may try
      const term = breaker.admit(current, now);
      assert.notEqual(term, undefined);
      breaker.report(term!, 'success', now);
      assert.equal(breaker.state, 'closed');
      breaker.close();
    }),
  );
});
