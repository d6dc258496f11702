import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import type { Attempt } from '../../src/core/call.ts';
import { answer, refused, reset, seeded } from '../../src/testing.ts';
import { fc } from '../support/fast-check.ts';
import { callRules, duration } from '../support/policies.ts';
import { aWorld } from './world.ts';

const policies = fc.record({
  deadline: fc.record({ timeout: duration(400) }),
  attempt: fc.record({ timeout: fc.oneof(fc.constant('off'), duration(200)) }),
  retry: fc.record({
    attempts: fc.integer({ min: 1, max: 5 }),
    backoff: duration(50),
    perSecond: fc.constantFrom(0, 100),
  }),
  hedge: fc.record({
    mode: fc.constantFrom('off', 'delay', 'quantile'),
    delay: duration(60),
    quantile: fc.constant(0.5),
    budget: fc.constantFrom(0, 0.3, 1),
  }),
  outlier: fc.record({ failures: fc.nat({ max: 3 }), ejection: duration(300) }),
  limit: fc.record({
    endpoint: fc.constantFrom(0, 0, 1, 2),
    service: fc.constantFrom(0, 0, 1, 3),
    algorithm: fc.constantFrom('fixed', 'aimd', 'gradient'),
    queue: fc.nat({ max: 3 }),
    wait: duration(200),
    order: fc.constantFrom('fifo', 'lifo'),
  }),
  throttle: fc.record({ mode: fc.constantFrom('off', 'observe', 'enforce'), ratio: fc.constant(1) }),
  balance: fc.record({ panic: fc.constantFrom(0, 0.5, 1) }),
  fault: fc.record({
    delay: duration(100),
    delayShare: fc.constantFrom(0, 0, 0.5),
    abortShare: fc.constantFrom(0, 0, 0.3),
  }),
  quota: fc.record({
    calls: callRules,
    pace: fc.constantFrom('off', 'queue'),
    wait: duration(500),
  }),
  mirror: fc.record({ to: fc.constantFrom('', '', 'orders', 'nobody'), most: fc.integer({ min: 1, max: 3 }) }),
});

/** What one attempt comes to, after how long, and whether the client hears that it shall stop. */
const answers = fc.record({
  what: fc.constantFrom('ok', '503', '500', 'refused', 'reset', 'slip', 'never'),
  ms: fc.nat({ max: 300 }),
  listens: fc.boolean(),
});

const calls = fc.record({
  at: fc.nat({ max: 500 }),
  abortAfter: fc.option(fc.nat({ max: 500 }), { nil: undefined }),
  idempotent: fc.boolean(),
  inherits: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
});

const comesTo = (what: string): unknown => {
  if (what === 'ok') return 'ok';
  if (what === '503' || what === '500') return answer(Number(what));
  return what === 'refused' ? refused() : what === 'reset' ? reset() : new TypeError('slip');
};

test('however clients, callers and clocks behave, each call settles once, in time, and leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(
      policies,
      fc.array(answers, { minLength: 1, maxLength: 20 }),
      fc.array(calls, { minLength: 1, maxLength: 8 }),
      fc.integer(),
      async (policy, script, made, seed) => {
        const world = aWorld({ policy, random: seeded(seed) });
        const { clock } = world.env;
        let turn = 0;
        const send = ({ signal }: Attempt): Promise<unknown> => {
          const { what, ms, listens } = script[turn++ % script.length]!;
          return new Promise((resolve, reject) => {
            if (listens) signal.addEventListener('abort', () => reject(signal.reason));
            if (what === 'never') return;
            const value = comesTo(what);
            clock.schedule(ms, () => (value instanceof Error ? reject(value) : resolve(value)));
          });
        };
        const ends: { due: number; times: number; at: number; signal: AbortSignal; abortAt: number }[] = [];
        const begin = ({ abortAfter, idempotent, inherits }: (typeof made)[number]): void => {
          const controller = new AbortController();
          const limit = Math.min(Number.parseInt(policy.deadline.timeout, 10), inherits ?? Infinity);
          const abortAt = clock.now() + (abortAfter ?? Infinity);
          const end = { due: clock.now() + limit, times: 0, at: -1, signal: controller.signal, abortAt };
          ends.push(end);
          const over = () => {
            end.times++;
            end.at = clock.now();
          };
          const headers = inherits === undefined ? {} : { 'grpc-timeout': `${inherits}m` };
          world.mesh
            .within(headers, () => world.call(send, { idempotent, signal: controller.signal }))
            .then(over, over);
          if (abortAfter !== undefined) clock.schedule(abortAfter, () => controller.abort());
        };
        for (const one of made) clock.schedule(one.at, () => begin(one));
        await clock.advance(5_000);
        for (const { due, times, at, signal, abortAt } of ends) {
          assert.equal(times, 1);
          assert.ok(at <= Math.min(due, abortAt), `over at ${at}, due at ${due}, given up at ${abortAt}`);
          assert.equal(getEventListeners(signal, 'abort').length, 0);
        }
        const attempts = world.env.told.filter((event) => event.type === 'attempt');
        assert.equal(attempts.length, world.seen.length, 'each attempt ends once');
        const most = policy.retry.attempts + (policy.hedge.mode === 'off' ? 0 : 1);
        assert.ok(attempts.every(({ attempt }) => attempt <= most));
        const { endpoints } = world.mesh.snapshot().clusters[0]!;
        assert.ok(endpoints.every(({ inFlight }) => inFlight === 0));
        const { limit } = world.mesh.snapshot().clusters[0]!;
        assert.ok(limit === null || (limit.inFlight === 0 && limit.waiting === 0), 'whoever was let in has left');
        await world.end();
      },
    ),
    { numRuns: 150 },
  );
});

test('over any number of hops, whichever header each of them speaks, nobody has more time than the one before', async () => {
  const hop = fc.record({ takes: fc.nat({ max: 40 }), speaks: fc.constantFrom('envoy', 'grpc'), own: duration(500) });
  await fc.assert(
    fc.asyncProperty(fc.array(hop, { minLength: 2, maxLength: 6 }), async (hops) => {
      let headers: Record<string, string> = {};
      let due = Number.POSITIVE_INFINITY; // as a wall clock that all share would have it
      let wall = 0;
      for (const { takes, speaks, own } of hops) {
        const policy = { deadline: { timeout: own }, propagate: { deadline: speaks } } as const;
        const world = aWorld({ policy });
        const { env, mesh, seen } = world;
        const left = await mesh.within(headers, async () => {
          await env.clock.advance(takes);
          await world.call(() => 'ok').catch(() => {});
          return seen[0]?.attempt;
        });
        await world.end();
        wall += takes;
        if (left === undefined) return assert.ok(wall >= due - 1, 'it was not sent, because the time was up');
        assert.ok(wall + left.timeoutMs <= due + 1e-6, `${wall + left.timeoutMs} is after ${due}`);
        due = Math.min(due, wall + left.timeoutMs);
        headers = left.headers;
      }
    }),
    { numRuns: 60 },
  );
});
