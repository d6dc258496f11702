import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gcra } from '../../src/math/gcra.ts';
import { WarmUp } from '../../src/math/warm-up.ts';

/** Calls that go in each second from `from` on, when many more are asked for. */
function saturated(warmUp: WarmUp, perMs: number, warmUpMs: number, seconds: number, from = 0): number[] {
  const gcra = new Gcra();
  const gone = new Array<number>(seconds).fill(0);
  for (let tick = 0; tick < seconds * 10_000; tick++) {
    const ms = tick / 10;
    const rate = warmUp.rate(perMs, warmUpMs, from + ms);
    if (!gcra.take(rate, 1, from + ms)) continue;
    warmUp.use();
    gone[Math.floor(ms / 1_000)]!++;
  }
  return gone;
}

test("driven as hard as it may be, it follows Sentinel's curve within 5 %", () => {
  const [count, periodS] = [200, 10];
  const gone = saturated(new WarmUp(), count / 1_000, periodS * 1_000, 12);
  // The interval falls in a line with the permits that are stored, from three times to once: so the rate at a moment is
  // the count over the root of 1 + 8 (1 - t / period).
  const expected = (second: number): number => {
    let sum = 0;
    for (let part = 0; part < 100; part++) {
      const t = Math.min(1, (second + (part + 0.5) / 100) / periodS);
      sum += count / Math.sqrt(1 + 8 * (1 - t)) / 100;
    }
    return sum;
  };
  for (const [second, calls] of gone.entries()) {
    const wanted = expected(second);
    assert.ok(Math.abs(calls - wanted) <= 0.05 * wanted, `${calls} in second ${second}, ${wanted.toFixed(1)} expected`);
  }
});

test('it begins with a third, and all of it goes when the time is up', () => {
  const warmUp = new WarmUp();
  assert.ok(Math.abs(warmUp.rate(0.3, 5_000, 0) - 0.1) < 1e-9);
  saturated(warmUp, 0.3, 5_000, 6);
  assert.ok(warmUp.rate(0.3, 5_000, 6_000) > 0.28);
  saturated(warmUp, 0.3, 5_000, 1, 6_000);
  assert.equal(warmUp.rate(0.3, 5_000, 7_000), 0.3);
});

test('it cools down while less than a third is asked for, and not while half is', () => {
  const [warmUp, perMs, warmUpMs] = [new WarmUp(), 0.3, 2_000];
  saturated(warmUp, perMs, warmUpMs, 4);
  let now = 4_000;
  for (; now < 14_000; now++) {
    warmUp.rate(perMs, warmUpMs, now);
    if (now % 7 === 0) warmUp.use(); // 143/s of 300
  }
  assert.equal(warmUp.rate(perMs, warmUpMs, now), perMs, 'still warm');
  for (; now < 24_000; now++) {
    warmUp.rate(perMs, warmUpMs, now);
    if (now % 20 === 0) warmUp.use(); // 50/s
  }
  assert.ok(warmUp.rate(perMs, warmUpMs, now) < perMs * 0.4, 'cold again');
});
