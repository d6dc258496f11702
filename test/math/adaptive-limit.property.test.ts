import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdaptiveLimit, type LimitAlgorithm } from '../../src/math/adaptive-limit.ts';
import { ALGORITHMS } from '../laws/limit.ts';
import { fc } from '../support/fast-check.ts';

const MOST = 100;
const answered = fc.record({
  algorithm: fc.constantFrom(...ALGORITHMS),
  ms: fc.oneof(fc.double({ min: 0, max: 60_000, noNaN: true }), fc.constant(0)),
  inFlight: fc.nat({ max: 500 }),
  dropped: fc.boolean(),
  most: fc.constantFrom(1, 2, 10, MOST),
  later: fc.nat({ max: 20_000 }),
  times: fc.integer({ min: 1, max: 60 }),
});

/** Answers as they come when all is well: each takes 10 ms, and as many are under way as may be. */
function allWell(limit: AdaptiveLimit, algorithm: LimitAlgorithm, from: number, ms: number): number {
  let now = from;
  for (const end = from + ms; now < end; now += 10) {
    const inFlight = limit.limit(MOST);
    for (let answer = 0; answer < inFlight; answer++) {
      limit.observe(algorithm, { ms: 10, inFlight, dropped: false }, MOST, now);
    }
  }
  return now;
}

for (const last of ALGORITHMS) {
  test(`whatever has happened, the limit is a whole number from 1 to the ceiling, and ${last} finds its way back up`, () => {
    fc.assert(
      fc.property(
        fc.array(answered, { maxLength: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (steps, random) => {
          const limit = new AdaptiveLimit(random);
          let now = 0;
          for (const { algorithm, most, later, times, ...what } of steps) {
            now += later;
            for (let time = 0; time < times; time++, now += 10) limit.observe(algorithm, what, most, now);
            const stands = limit.limit(most);
            assert.ok(Number.isInteger(stands) && stands >= 1 && stands <= most, `${stands}`);
          }
          allWell(limit, last, now, 120_000);
          assert.ok(limit.limit(MOST) >= MOST / 2, `${limit.limit(MOST)} after two minutes in which all was well`);
        },
      ),
      { numRuns: 25 },
    );
  });
}
