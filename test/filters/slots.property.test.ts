import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import type { Attempt, Fallback } from '../../src/core/call.ts';
import { refused, reset, seeded } from '../../src/testing.ts';
import { get, said } from '../answers/kept.ts';
import { fc } from '../support/fast-check.ts';
import { aWorld, hang } from './world.ts';

const duration = (max: number) => fc.integer({ min: 1, max }).map((ms) => `${ms}ms`);

/** Every slot that makes more, less or something else of a call, in any mixture. */
const policies = fc.record({
  deadline: fc.record({ timeout: duration(400) }),
  retry: fc.record({ attempts: fc.integer({ min: 1, max: 3 }), backoff: duration(50), perSecond: fc.constant(100) }),
  hedge: fc.record({
    mode: fc.constantFrom('off', 'delay', 'quantile', 'fork'),
    delay: duration(60),
    quantile: fc.constant(0.5),
    budget: fc.constant(1),
  }),
  collapse: fc.record({
    mode: fc.constantFrom('off', 'on'),
    bytes: fc.constantFrom(2, 100),
    waiters: fc.constantFrom(2, 9),
  }),
  fallback: fc.record({
    mode: fc.constantFrom('off', 'answer', 'last-good'),
    answer: fc.constantFrom({}, { status: 200, body: 'at hand' }),
    fresh: fc.boolean(),
    entries: fc.constantFrom(1, 10),
  }),
  strategy: fc.record({
    mode: fc.constantFrom('failover', 'failfast', 'failsafe', 'failback', 'forking', 'broadcast'),
    queue: fc.constantFrom(1, 5),
    every: fc.integer({ min: 10, max: 100 }).map((ms) => `${ms}ms`),
    enough: fc.constantFrom(0, 0.5, 1),
  }),
  limit: fc.record({ service: fc.constantFrom(0, 2), queue: fc.constantFrom(0, 2), wait: duration(50) }),
  circuit: fc.record({
    mode: fc.constantFrom('off', 'off', 'observe', 'enforce', 'open', 'closed'),
    volume: fc.constant(5),
    open: duration(100),
  }),
  throttle: fc.record({ mode: fc.constantFrom('off', 'observe', 'enforce') }),
  fault: fc.record({ delay: duration(80), delayShare: fc.constantFrom(0, 0.5), abortShare: fc.constantFrom(0, 0.2) }),
  quota: fc.record({
    calls: fc.constantFrom([], [{ rate: '10/s', mode: 'queue' as const }], [{ rate: '3/s', mode: 'reject' as const }]),
    wait: duration(200),
  }),
});

const SWR = { 'cache-control': 'max-age=0, stale-while-revalidate=60' };
const ANSWERS = {
  short: said('x'),
  long: said('xxx'),
  fresh: said('x', { 'cache-control': 'max-age=1' }),
  stale: said('x', SWR),
  secret: said('x', { 'cache-control': 'no-store' }),
  sick: said('', {}, 503),
  gone: said('', {}, 404),
};

/** What one attempt comes to, after how long, and whether the client hears that it shall stop. */
const answers = fc.record({
  what: fc.constantFrom(...(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[]), 'refused', 'reset', 'slip', 'never'),
  ms: fc.nat({ max: 300 }),
  listens: fc.boolean(),
});

const FALLBACKS: Readonly<Record<string, Fallback | undefined>> = {
  none: undefined,
  value: () => 'instead',
  late: () => Promise.resolve('instead'),
  throws: () => {
    throw new Error('of the fallback');
  },
  hangs: hang,
};

const calls = fc.record({
  at: fc.nat({ max: 800 }),
  abortAfter: fc.option(fc.nat({ max: 500 }), { nil: undefined }),
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST'),
  fallback: fc.constantFrom(...Object.keys(FALLBACKS)),
});

const comesTo = (what: string): unknown => {
  if (what === 'refused') return refused();
  return what === 'reset' ? reset() : new TypeError('slip');
};

test('whichever slots are on, each call settles once, in time, under abort at any moment, and leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(
      policies,
      fc.array(answers, { minLength: 1, maxLength: 20 }),
      fc.array(calls, { minLength: 1, maxLength: 10 }),
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
            clock.schedule(ms, () => {
              if (what in ANSWERS) resolve({ ...ANSWERS[what as keyof typeof ANSWERS] });
              else reject(comesTo(what));
            });
          });
        };
        const timeout = Number.parseInt(policy.deadline.timeout, 10);
        const ends: { times: number; at: number; latest: number; signal: AbortSignal }[] = [];
        for (const { at, abortAfter, method, fallback } of made) {
          clock.schedule(at, () => {
            const { signal, abort } = aborting();
            const most = timeout * (FALLBACKS[fallback] === undefined ? 1 : 2); // it has as long as the call had
            const end = { times: 0, at: -1, latest: at + Math.min(abortAfter ?? Infinity, most), signal };
            ends.push(end);
            const over = (): void => {
              end.times++;
              end.at = clock.now();
            };
            world.call(send, get('/a', {}, { method, signal, fallback: FALLBACKS[fallback] })).then(over, over);
            if (abortAfter !== undefined) clock.schedule(abortAfter, abort);
          });
        }
        await clock.advance(10_000);
        for (const { times, at, latest, signal } of ends) {
          assert.equal(times, 1);
          assert.ok(at <= latest, `over at ${at}, not by ${latest}`);
          assert.equal(getEventListeners(signal, 'abort').length, 0);
        }
        const { told } = world.env;
        assert.equal(told.filter(({ type }) => type === 'call').length, made.length);
        assert.equal(told.filter(({ type }) => type === 'attempt').length, world.seen.length, 'each attempt ends once');
        const [cluster] = world.mesh.snapshot().clusters;
        assert.ok(cluster!.endpoints.every(({ inFlight }) => inFlight === 0));
        assert.equal(cluster!.failbacks, 0);
        assert.ok((cluster!.kept?.answers ?? 0) <= policy.fallback.entries);
        await world.end();
      },
    ),
    { numRuns: 200 },
  );
});

function aborting(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
