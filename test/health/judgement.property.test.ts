import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, refused, seeded } from '../../src/testing.ts';
import { aWorld, hang } from '../filters/world.ts';
import { fc } from '../support/fast-check.ts';

const share = fc.constantFrom(0, 0.5, 0.8, 1);

const policies = fc.record({
  outlier: fc.record({ failures: fc.nat({ max: 3 }), successRate: share, enforce: fc.constantFrom(0, 0.5, 1) }),
  fleet: fc.record({
    interval: fc.constantFrom('off', '1s'),
    deviations: fc.constantFrom(0, 0.5, 1.9),
    failing: fc.constantFrom(0.2, 0.85, 1),
    hosts: fc.integer({ min: 1, max: 4 }),
    volume: fc.integer({ min: 1, max: 5 }),
    maxEjected: fc.constantFrom(0.01, 0.5, 1),
  }),
  balance: fc.record({ panic: fc.constantFrom(0, 0.5), picker: fc.constantFrom('p2c', 'round-robin') }),
});

const mood = fc.constantFrom('well', 'failing', 'refusing', 'asking', 'leaving', 'limited', 'nacking', 'hanging');
const turns = fc.array(
  fc.record({ moods: fc.array(mood, { minLength: 5, maxLength: 5 }), policy: policies, ms: fc.nat({ max: 4_000 }) }),
  { minLength: 1, maxLength: 6 },
);

function answerOf(mood: string): unknown {
  if (mood === 'failing') return answer(500);
  if (mood === 'refusing') return Promise.reject(refused());
  if (mood === 'asking') return answer(503, { 'retry-after': '3' });
  if (mood === 'leaving') return answer(200, { 'x-envoy-immediate-health-check-fail': 'true' });
  if (mood === 'limited') return answer(429);
  if (mood === 'nacking') return answer(503, { 'finagle-http-nack': 'true' });
  return mood === 'hanging' ? hang() : answer(200);
}

test('however endpoints behave and policies change, the last is never put out, and who is well is soon called again', async () => {
  await fc.assert(
    fc.asyncProperty(turns, fc.integer({ min: 1, max: 5 }), fc.integer(), async (taken, size, seed) => {
      const endpoints = Array.from({ length: size }, (_, at) => `http://s${at}:1`);
      const usual: PolicySections = { retry: { attempts: 1 }, deadline: { timeout: '2s' } };
      const world = aWorld({ policy: usual, endpoints, random: seeded(seed) });
      const { clock } = world.env;
      const state = () => world.mesh.snapshot().clusters[0]!.endpoints.map((one) => one.state);
      for (const { moods, policy, ms } of taken) {
        world.mesh.setPolicy({ defaults: { ...usual, ...policy } as PolicySections });
        for (let call = 0; call < 25; call++) {
          const send = ({ endpoint }: { endpoint: { id: string } }) =>
            answerOf(moods[endpoints.indexOf(endpoint.id)] ?? 'well') as Promise<unknown>;
          const calling = world.call(send).catch(() => {});
          await Promise.race([calling, clock.advance(10)]);
          assert.ok(state().includes('in'), 'one is always in');
        }
        await clock.advance(ms);
      }
      await clock.advance(300_000); // the longest ejection there is
      for (let call = 0; call < 50; call++) await world.call(() => answer(200));
      assert.deepEqual(
        state(),
        endpoints.map(() => 'in'),
      );
      await world.end();
    }),
    { numRuns: 60 },
  );
});
