import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../src/core/admission.ts';
import { PRIORITIES } from '../../src/core/priority.ts';
import { Scope } from '../../src/core/scope.ts';
import { testEnv } from '../../src/testing/env.ts';
import { fc } from '../support/fast-check.ts';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('ask' as const), priority: fc.constantFrom(...PRIORITIES) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('end' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('call off' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 80 }) }) },
);

test('whoever asks is let in or turned away, once; nobody is forgotten, and no more are in than there is room for', async () => {
  const settings = fc.record({
    queue: fc.nat({ max: 5 }),
    wait: fc.constantFrom(50, Number.POSITIVE_INFINITY),
    order: fc.constantFrom('fifo' as const, 'lifo' as const),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      settings,
      fc.integer({ min: 1, max: 3 }),
      async (steps, how, room) => {
        const { clock, timeouts } = testEnv();
        const admission = new Admission(timeouts);
        const scopes: Scope[] = [];
        let [asked, settled, inside] = [0, 0, 0];
        const enter = () => {
          inside++;
          settled++;
        };
        for (const one of steps) {
          if (one.does === 'ask') {
            asked++;
            const admits = () => admission.inFlight < room;
            if (admission.isNext(one.priority) && admits()) {
              admission.begin();
              enter();
            } else {
              const scope = new Scope();
              scopes.push(scope);
              const entrant = { scope, priority: one.priority, admits, refusal: () => new Error('full') };
              admission.wait(entrant, how, clock.now()).then(
                () => {
                  admission.entered();
                  enter();
                },
                () => settled++,
              );
            }
          } else if (one.does === 'end') {
            if (inside > 0) {
              inside--;
              admission.end();
            }
          } else if (one.does === 'call off') scopes[one.which % Math.max(1, scopes.length)]?.cancel(new Error('gone'));
          else await clock.advance(one.ms);
          await clock.advance(0);
          assert.ok(admission.inFlight <= room && admission.inFlight === inside, `${admission.inFlight} of ${inside}`);
          assert.ok(admission.queued <= how.queue && admission.queued === asked - settled);
        }
        for (; inside > 0; inside--) {
          admission.end();
          await clock.advance(0);
        }
        assert.deepEqual([admission.inFlight, admission.queued, admission.entering], [0, 0, 0]);
        assert.equal(settled, asked);
        await clock.advance(100);
        assert.deepEqual([timeouts.waiting, clock.pending], [0, 0]);
      },
    ),
  );
});
