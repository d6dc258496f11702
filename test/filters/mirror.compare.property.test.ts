import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comparison } from '../../src/core/compare.ts';
import type { Kept } from '../../src/core/kept.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { FakeRegistry, testEnv } from '../../src/testing.ts';
import { keeper, said } from '../answers/kept.ts';
import { fc } from '../support/fast-check.ts';

const when = fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined }); // or never

const anAnswer = fc.record({
  comes: when,
  /** How long its reader takes, or the keeper that reads it for nobody. */
  read: when,
  fails: fc.boolean(),
  slips: fc.boolean(),
});

const aCall = fc.record({
  at: fc.integer({ min: 0, max: 2_000 }),
  primary: anAnswer,
  copy: anAnswer,
  gone: when,
  hook: fc.constantFrom('fine' as const, 'throws' as const, 'rejects' as const, 'hangs' as const),
});

test('whenever answers come, are read, or never are, and callers go: calls end as without, copies in time, and nothing is left', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  await fc.assert(
    fc.asyncProperty(fc.array(aCall, { minLength: 1, maxLength: 6 }), async (calls) => {
      const [mirrored, plain] = [await run(calls, true), await run(calls, false)];
      assert.deepEqual(mirrored.ends, plain.ends);
      assert.equal(mirrored.compared, mirrored.made, 'each pair is compared once');
    }),
    { numRuns: 60 },
  );
  await new Promise((resolve) => setImmediate(resolve)); // unhandled rejections are told at the end of a turn
  process.off('unhandledRejection', note);
  assert.deepEqual(unhandled, []);
});

type Call = typeof aCall extends fc.Arbitrary<infer T> ? T : never;

async function run(calls: readonly Call[], isMirrored: boolean) {
  const world = testEnv();
  const { clock } = world;
  let compared = 0;
  const hooks = new Map(calls.map(({ hook }, at) => [`${at}`, hook]));
  const compare = ({ route }: Comparison): unknown => {
    compared++;
    const hook = hooks.get(route);
    if (hook === 'throws') throw new Error('mine');
    return hook === 'rejects' ? Promise.reject(new Error('mine')) : hook === 'hangs' ? new Promise(() => {}) : 1;
  };
  const registry = new FakeRegistry().set('orders', ['http://orders:1']).set('shadow', ['http://shadow:1']);
  const services = {
    orders: {
      retry: { attempts: 1 },
      deadline: { timeout: '2s' },
      ...(isMirrored && { mirror: { to: 'shadow', most: 3 } }),
    },
    shadow: { retry: { attempts: 1 }, deadline: { timeout: '1s' } },
  };
  const mesh = new Mesh('checkout', { ...world, compare }, registry.client(), new PolicySet({ services }), {});
  const later = <T>(ms: number | undefined, value: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ms === undefined) return;
      clock.schedule(ms, () => {
        try {
          resolve(value());
        } catch (error) {
          reject(error);
        }
      });
    });
  const ends: unknown[] = [];
  for (const [index, { at, primary, copy, gone }] of calls.entries()) {
    clock.schedule(at, () => {
      const leaving = new AbortController();
      if (gone !== undefined) clock.schedule(gone, () => leaving.abort());
      const own: typeof keeper = {
        ...keeper,
        watch: (answer, limit, done) => {
          if (primary.slips) throw new TypeError('not mine');
          void later(primary.read, () => keeper.watch(answer, limit, done));
        },
        gather: (answer, limit): Promise<Kept<unknown> | undefined> => {
          if (copy.slips) throw new TypeError('not mine');
          return later(copy.read, () => answer).then((one) => keeper.gather(one, limit));
        },
      };
      const send = ({ url }: { url: string }) => {
        const { comes, fails } = url === 'http://orders:1' ? primary : copy;
        return later(comes, () => {
          if (fails) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
          return said(url);
        });
      };
      const request = { headers: {}, keeper: own };
      mesh.call('orders', send, { method: 'GET', path: '/1', route: `${index}`, request, signal: leaving.signal }).then(
        (value) => ends.push([index, clock.now(), (value as { text: string }).text]),
        (error) => ends.push([index, clock.now(), (error as Error).message]),
      );
    });
  }
  await clock.advance(10_000);
  const orders = mesh.snapshot().clusters.find(({ service }) => service === 'orders');
  assert.equal(orders?.mirror?.underWay ?? 0, 0, 'no place is held');
  await mesh.close();
  await clock.advance(0);
  assert.equal(world.timeouts.waiting, 0);
  assert.equal(clock.scheduled, 0);
  return { ends, compared, made: orders?.mirror?.made ?? 0 };
}
