import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gcra } from '../../src/math/gcra.ts';
import { fc } from '../support/fast-check.ts';

const COUNT = fc.integer({ min: 1, max: 200 });
const PERIOD = fc.integer({ min: 1, max: 5_000 });
const BURST = fc.integer({ min: 1, max: 50 });
const STEPS = fc.array(
  fc.record({ later: fc.double({ min: 0, max: 2_000, noNaN: true }), asked: fc.nat({ max: 60 }) }),
  { maxLength: 80 },
);

test('in any window, wherever it begins, there are never more than the limit and the burst', () => {
  fc.assert(
    fc.property(COUNT, PERIOD, BURST, STEPS, (count, period, burst, steps) => {
      const gcra = new Gcra();
      const gone: number[] = [];
      let now = 0;
      for (const { later, asked } of steps) {
        now += later;
        for (let call = 0; call < asked; call++) if (gcra.take(count / period, burst, now)) gone.push(now);
      }
      for (const [at, first] of gone.entries()) {
        const within = gone.slice(at).filter((one) => one <= first + period).length;
        assert.ok(within <= count + burst, `${within} within ${period} ms from ${first}`);
      }
    }),
  );
});

test('whatever went before, it lets calls through again: all of the burst, once its time has gone', () => {
  fc.assert(
    fc.property(COUNT, PERIOD, BURST, STEPS, (count, period, burst, steps) => {
      const gcra = new Gcra();
      let now = 0;
      for (const { later, asked } of steps) {
        now += later;
        for (let call = 0; call < asked; call++) gcra.take(count / period, burst, now);
      }
      now += (burst * period) / count + 1e-3;
      for (let call = 0; call < burst; call++) assert.ok(gcra.take(count / period, burst, now));
    }),
  );
});
