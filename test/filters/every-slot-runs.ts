import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { Attempt, Fallback } from '../../src/core/call.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { refused, reset, seeded } from '../../src/testing.ts';
import { get, said } from '../answers/kept.ts';
import { fc } from '../support/fast-check.ts';
import { identityOf, mixed, outbound, probeOf, proofs } from './every-slot.ts';
import { aWorld, hang, type World } from './world.ts';

const SWR = { 'cache-control': 'max-age=0, stale-while-revalidate=60' };
const ANSWERS = {
  short: said('x'),
  long: said('xxx'),
  fresh: said('x', { 'cache-control': 'max-age=1' }),
  stale: said('x', SWR),
  secret: said('x', { 'cache-control': 'no-store' }),
  sick: said('', {}, 503),
  full: said('', { 'retry-after': '1' }, 429),
  stranger: said('', {}, 401),
  gone: said('', {}, 404),
};

/** What one attempt comes to, after how long, and whether the client hears that it shall stop. */
const answers = fc.record({
  what: fc.constantFrom(...(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[]), 'refused', 'reset', 'slip', 'never'),
  ms: fc.nat({ max: 300 }),
  listens: fc.boolean(),
});
type Answer = typeof answers extends fc.Arbitrary<infer T> ? T : never;

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

/** What else goes on: proofs, and what checks of endpoints find. */
const about = fc.record({
  proofs,
  finds: fc.array(fc.constantFrom('well' as const, 'unwell' as const, 'never' as const), { minLength: 1 }),
});

const comesTo = (what: string): unknown => {
  if (what === 'refused') return refused();
  return what === 'reset' ? reset() : new TypeError('slip');
};

/** A world in which all that slots ask for is there, and behaves as told. */
function worldOf(policy: PolicySections, seed: number, how: typeof about extends fc.Arbitrary<infer T> ? T : never) {
  const moods = { ...how, well: false, unsigned: 0 };
  let turn = 0;
  const world = aWorld({
    policy,
    random: seeded(seed),
    more: (clock) => ({
      identity: identityOf(
        clock,
        () => (moods.well ? 'at once' : moods.proofs),
        () => moods.unsigned++,
      ),
      probe: probeOf(clock, () => (moods.well ? 'well' : moods.finds[turn++ % moods.finds.length]!)),
    }),
  });
  world.registry.set('stock', ['http://s:1', 'http://t:1']);
  return { world, moods };
}

/** A client that does as the script says, and well from when it is told. */
function clientOf(world: World, script: readonly Answer[], moods: { readonly well: boolean }) {
  const { clock } = world.env;
  let turn = 0;
  return ({ signal }: Attempt): Promise<unknown> => {
    if (moods.well) return Promise.resolve(ANSWERS.short);
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
}

/** Each call settles once, in time, under abort at any moment, and leaves nothing behind. */
export const eachEndsOnce = (): Promise<void> =>
  fc.assert(
    fc.asyncProperty(
      mixed(outbound),
      fc.array(answers, { minLength: 1, maxLength: 20 }),
      fc.array(calls, { minLength: 1, maxLength: 10 }),
      about,
      fc.integer(),
      async (policy, script, made, how, seed) => {
        const { world, moods } = worldOf(policy, seed, how);
        const { clock, told } = world.env;
        const send = clientOf(world, script, moods);
        const timeout = Number.parseInt(policy.deadline!.timeout!, 10);
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
            const own = { method, signal, fallback: FALLBACKS[fallback] };
            world.call(send, get('/a', { 'x-user': `${at % 3}` }, own)).then(over, over);
            if (abortAfter !== undefined) clock.schedule(abortAfter, abort);
          });
        }
        await clock.advance(10_000);
        for (const { times, at, latest, signal } of ends) {
          assert.equal(times, 1);
          assert.ok(at <= latest, `over at ${at}, not by ${latest}`);
          assert.equal(getEventListeners(signal, 'abort').length, 0);
        }
        assert.equal(told.filter(({ type }) => type === 'call').length, made.length);
        // What can not be signed never leaves, nor what a broadcast has for an endpoint that is full.
        const attempts = told.filter((event) => event.type === 'attempt' && event.why !== 'limit');
        assert.equal(attempts.length, world.seen.length + moods.unsigned, 'each attempt ends once');
        settledWell(world, policy);
        await world.end();
      },
    ),
    { numRuns: 200 },
  );

/** What the slots are told that remember nothing, when all is to be well: that they let calls pass. */
const PASSING = {
  strategy: {},
  fallback: {},
  deadline: {},
  collapse: {},
  fault: {},
  route: {},
  mirror: {},
  attempt: {},
} satisfies PolicySections;

/** When all is well again for four minutes, calls are sent and succeed. */
export const allRecovers = (): Promise<void> =>
  fc.assert(
    fc.asyncProperty(
      mixed(outbound),
      fc.array(answers, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 20, max: 60 }),
      about,
      fc.integer(),
      async (policy, script, calls, how, seed) => {
        const { world, moods } = worldOf(policy, seed, how);
        const { clock } = world.env;
        const send = clientOf(world, script, moods);
        const call = (at: number) => world.call(send, get('/a', { 'x-user': `${at % 7}` }));
        for (let at = 0; at < calls; at++) clock.schedule(at * 40, () => void call(at).catch(() => {}));
        await clock.advance(5_000);
        moods.well = true;
        const mode = policy.circuit!.mode === 'open' ? 'enforce' : policy.circuit!.mode!;
        world.mesh.setPolicy({ defaults: { ...policy, ...PASSING, circuit: { ...policy.circuit, mode } } });
        const came: string[] = [];
        for (let at = 0; at < 240; at++) {
          const before = world.seen.length;
          await call(at).then(
            () => came.push(world.seen.length > before ? 'sent' : 'not sent'),
            (error) => came.push(String(error)),
          );
          await clock.advance(1_000);
        }
        assert.deepEqual(came.slice(-10), Array(10).fill('sent'));
        await world.end();
      },
    ),
    { numRuns: 50 },
  );

/** Nobody is counted as being under way any more, and nothing is kept beyond its bounds. */
function settledWell(world: World, policy: PolicySections): void {
  for (const cluster of world.mesh.snapshot().clusters) {
    assert.ok(cluster.endpoints.every(({ inFlight }) => inFlight === 0));
    assert.equal(cluster.failbacks, 0);
    assert.ok((cluster.kept?.answers ?? 0) <= policy.fallback!.entries!);
    const { limit, mirror } = cluster;
    assert.ok(limit === null || (limit.inFlight === 0 && limit.waiting === 0), 'whoever was let in has left');
    assert.ok(mirror === null || mirror.underWay === 0, 'every copy has ended');
  }
}

function aborting(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
