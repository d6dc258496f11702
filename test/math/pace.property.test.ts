import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../src/math/pace.ts';
import { fc } from '../support/fast-check.ts';

const step = fc.oneof(
  fc.record({
    is: fc.constant('learn' as const),
    left: fc.nat({ max: 50 }),
    resetMs: fc.oneof(fc.nat({ max: 5_000 }), fc.nat({ max: 86_400_000 })),
  }),
  fc.record({ is: fc.constant('promise' as const), spread: fc.boolean() }),
  fc.record({ is: fc.constantFrom('go' as const, 'drop' as const, 'end' as const) }),
  fc.record({ is: fc.constant('wait' as const), ms: fc.nat({ max: 10_000 }) }),
);

test('whatever is said and done, each wait has an end, and when the time that was told is over nobody waits', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const pace = new Pace();
      let [now, waiting, underWay] = [0, 0, 0];
      for (const one of steps) {
        if (one.is === 'wait') now += one.ms;
        else if (one.is === 'learn') pace.learn(one.left, one.resetMs, now);
        else if (one.is === 'promise') {
          const wait = pace.wait(one.spread, now);
          assert.ok(wait >= 0 && Number.isFinite(wait), `${wait}`);
          pace.promise(now);
          waiting++;
        } else if (one.is === 'end' ? underWay > 0 : waiting > 0) {
          pace[one.is]();
          if (one.is !== 'end') waiting--;
          underWay += one.is === 'go' ? 1 : one.is === 'end' ? -1 : 0;
        }
      }
      now += 86_400_000;
      assert.deepEqual([pace.wait(true, now), pace.wait(false, now)], [0, 0]);
    }),
  );
});

test('not spread, no more are let go than are left, until the time is over', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 50 }),
      fc.nat({ max: 50 }),
      fc.integer({ min: 1, max: 10_000 }),
      (left, before, resetMs) => {
        const pace = new Pace();
        for (let call = 0; call < before; call++) {
          pace.promise(0);
          pace.go();
        }
        pace.learn(left, resetMs, 0);
        let gone = 0;
        for (; pace.wait(false, 0) === 0 && gone < 200; gone++) pace.promise(0);
        assert.equal(gone, Math.max(0, left - before));
      },
    ),
  );
});
