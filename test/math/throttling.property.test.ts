import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/core/random.ts';
import { Throttling } from '../../src/math/throttling.ts';
import { fc } from '../support/fast-check.ts';

const MOST = 0.9;

/** What came of requests one after the other, as the filter counts them: what is not made is not accepted. */
function ask(
  throttling: Throttling,
  ratio: number,
  { from, ms, every }: Record<'from' | 'ms' | 'every', number>,
  seed: number,
) {
  const random = seeded(seed);
  for (let now = from; now < from + ms; now += every) {
    throttling.count(random.next() >= throttling.share(ratio, MOST, now), now);
  }
}

const step = fc.record({ accepted: fc.boolean(), later: fc.nat({ max: 500 }), times: fc.integer({ min: 1, max: 50 }) });

test('whatever was refused, the share stays within its cap, and is nothing again when all is accepted for some minutes', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.double({ min: 1.25, max: 10, noNaN: true }),
      fc.integer({ min: 10, max: 400 }),
      fc.nat(),
      (steps, ratio, every, seed) => {
        const throttling = new Throttling();
        let now = 0;
        for (const { accepted, later, times } of steps) {
          for (let time = 0; time < times; time++, now += later) throttling.count(accepted, now);
          const share = throttling.share(ratio, MOST, now);
          assert.ok(share >= 0 && share <= MOST, `${share}`);
        }
        ask(throttling, ratio, { from: now, ms: 240_000, every }, seed);
        assert.equal(throttling.share(ratio, MOST, now + 240_000), 0);
      },
    ),
    { numRuns: 50 },
  );
});
