import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Timeout, Timeouts } from '../../src/core/timeouts.ts';
import { VirtualClock } from '../../src/testing.ts';
import { fc } from '../support/fast-check.ts';

const step = fc.oneof(
  fc.record({ do: fc.constant('after' as const), ms: fc.constantFrom(5, 10, 50, 51, 52), early: fc.nat({ max: 20 }) }),
  fc.record({ do: fc.constant('at' as const), ms: fc.nat({ max: 60 }) }),
  fc.record({ do: fc.constant('cancel' as const), at: fc.nat({ max: 60 }) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.nat({ max: 40 }) }),
);

test('whatever is begun, cancelled and waited for, each fires exactly when it is due, and only if it still waits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new VirtualClock();
      const timeouts = new Timeouts(clock);
      const all: { due: number; timeout: Timeout; cancelled: boolean; fired: number[] }[] = [];
      for (const taken of steps) {
        if (taken.do === 'advance') await clock.advance(taken.ms);
        else if (taken.do === 'cancel') {
          const one = all[taken.at % Math.max(1, all.length)];
          one?.timeout.cancel();
          if (one !== undefined && one.fired.length === 0) one.cancelled = true;
        } else if (taken.do === 'at') {
          const [due, fired]: [number, number[]] = [clock.now() + taken.ms, []];
          const timeout = timeouts.at(due, (list: number[]) => list.push(clock.now()), fired);
          all.push({ due, timeout, cancelled: false, fired });
        } else {
          const now = clock.now() - taken.early; // whoever read the clock some time ago
          const fired: number[] = [];
          const timeout = timeouts.after(taken.ms, now, (list: number[]) => list.push(clock.now()), fired);
          all.push({ due: Math.max(clock.now(), now + taken.ms), timeout, cancelled: false, fired });
        }
      }
      await clock.advance(1_000);
      for (const { due, cancelled, fired } of all) assert.deepEqual(fired, cancelled ? [] : [due]);
      assert.equal(timeouts.waiting, 0);
      assert.equal(clock.scheduled, 0);
    }),
    { numRuns: 100 },
  );
});
