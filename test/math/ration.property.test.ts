import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ration } from '../../src/math/ration.ts';
import { fc } from '../support/fast-check.ts';

const WINDOW_MS = 10_000;

test('in no ten seconds is more taken than the share of what came in them, and nothing is refused that may be taken', () => {
  const step = fc.record({ later: fc.nat({ max: 2_000 }), came: fc.nat({ max: 50 }), wanted: fc.nat({ max: 50 }) });
  fc.assert(
    fc.property(fc.constantFrom(0, 0.02, 0.2, 1), fc.array(step, { maxLength: 60 }), (share, steps) => {
      const ration = new Ration(WINDOW_MS);
      const log: { at: number; came: number; taken: number }[] = [];
      let now = 0;
      for (const { later, came, wanted } of steps) {
        now += later;
        for (let one = 0; one < came; one++) ration.count(now);
        let taken = 0;
        for (let one = 0; one < wanted; one++) if (ration.take(share, now)) taken++;
        log.push({ at: now, came, taken });
        // The window moves by a second.
        const recent = log.filter(({ at }) => Math.floor(at / 1_000) > Math.floor(now / 1_000) - 10);
        const [all, spent] = [
          recent.reduce((sum, entry) => sum + entry.came, 0),
          recent.reduce((sum, entry) => sum + entry.taken, 0),
        ];
        if (taken > 0) assert.ok(spent <= share * all + 1e-9, `${spent} of ${all}`);
        if (taken < wanted) assert.ok(spent + 1 > share * all - 1e-9, `${spent} of ${all}, and one was refused`);
      }
    }),
  );
});
