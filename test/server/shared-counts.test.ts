import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QuotaStore, Taken } from '../../src/core/quota-store.ts';
import type { Problem } from '../../src/server/problem.ts';
import { guarded } from './quota-world.ts';

/** A store that answers as it is told to. */
function aStore(answer: () => Promise<Taken>): QuotaStore & { asked: number } {
  const store = {
    name: 'test',
    asked: 0,
    take: () => {
      store.asked++;
      return answer();
    },
  };
  return store;
}

test('a count that all share is asked for, and believed', async () => {
  let left = 3;
  const store = aStore(async () => (left-- > 0 ? { waitMs: 0, left } : { waitMs: 1_500, left: 0 }));
  const { ask, times } = guarded([{ rate: '10/s', share: 'redis' }], { store });
  assert.equal(await times(3), 3);
  const refused = (await ask()) as Problem;
  assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '2']);
});

test('while the store is away each instance goes by its part, callers see no error, and it is told once', async () => {
  let away = true;
  const store = aStore(() => (away ? Promise.reject(new Error('gone')) : Promise.resolve({ waitMs: 0, left: 1 })));
  const { env, times } = guarded([{ rate: '100/s', burst: 20, share: 'redis' }], {
    store,
    siblings: { count: 4, known: 4 },
  });
  assert.equal(await times(30), 5);
  assert.equal(store.asked, 1, 'it is left alone for a while');
  await env.clock.advance(1_000);
  away = false;
  assert.equal(await times(30), 30);
  assert.deepEqual(
    env.told.flatMap((event) => (event.type === 'quota-store' ? [[event.away, event.problem]] : [])),
    [
      [true, 'gone'],
      [false, ''],
    ],
  );
  assert.equal(env.clock.pending, 0);
});

test('a store that does not answer in a tenth of a second is away', async () => {
  const store = aStore(() => new Promise(() => {}));
  const { env, ask } = guarded([{ rate: '100/s', share: 'redis' }], { store });
  const asked = ask();
  await env.clock.advance(100);
  assert.equal(await asked, 'served');
  assert.equal(await ask(), 'served');
  assert.equal(store.asked, 1);
  assert.equal(env.clock.pending, 0);
});

test('where no store was given, each instance goes by its part', async () => {
  const { env, times } = guarded([{ rate: '100/s', burst: 20, share: 'redis' }], { siblings: { count: 2, known: 2 } });
  assert.equal(await times(30), 10);
  assert.equal(env.told.filter(({ type }) => type === 'quota-store').length, 1);
});

test('who is over a quota that is counted here takes nothing from one that is counted elsewhere, which is not asked', async () => {
  const store = aStore(async () => ({ waitMs: 0, left: 5 }));
  const { ask, times } = guarded(
    [
      { name: 'all', rate: '10/s', per: 'all', share: 'redis' },
      { name: 'each', rate: '10/s', burst: 2 },
    ],
    { store },
  );
  assert.equal(await times(2, { principal: 'a' }), 2);
  assert.equal(((await ask({ principal: 'a' })) as Problem).status, 429);
  assert.equal(store.asked, 2);
});

test('who is over a quota of its own takes nothing from the count of all, also in a store', async () => {
  const keys: string[] = [];
  const store: QuotaStore = {
    name: 'test',
    take: async (key) => {
      keys.push(key);
      return { waitMs: key.startsWith('each\n') ? 500 : 0, left: 0 };
    },
  };
  const { ask } = guarded(
    [
      { name: 'all', rate: '10/s', per: 'all', share: 'redis' },
      { name: 'each', rate: '10/s', share: 'redis' },
    ],
    { store },
  );
  assert.equal(((await ask({ principal: 'a' })) as Problem).status, 429);
  assert.deepEqual(keys, ['each\nus\na']);
});

/** A store that gives so many by key, and takes back what its receipt is of. */
function aLender(stock: Record<string, number>): QuotaStore {
  return {
    name: 'test',
    take: async (key) => {
      const rule = key.split('\n')[0]!;
      if (stock[rule]! === 0) return { waitMs: 500, left: 0 };
      stock[rule]!--;
      return { waitMs: 0, left: stock[rule]!, receipt: rule };
    },
    giveBack: async (_key, receipt) => stock[receipt]!++,
  };
}

test('what some rules counted of a request that another refuses is given back, and not told as let through', async () => {
  const stock = { each: 10, tenant: 10, all: 3 };
  const { ask, times, quotas, policy } = guarded(
    [
      { name: 'all', rate: '10/s', per: 'all', share: 'redis' },
      { name: 'each', rate: '10/s', share: 'redis' },
      { name: 'tenant', rate: '10/s', per: 'header', of: 'x-tenant', share: 'redis', mode: 'observe' },
    ],
    { store: aLender(stock) },
  );
  assert.equal(await times(8, { principal: 'a' }), 3);
  assert.deepEqual(stock, { each: 7, tenant: 7, all: 0 });
  assert.deepEqual(
    quotas.facts(policy).map(({ rule, passed, refused }) => [rule, passed, refused]),
    [
      ['all', 3, 5],
      ['each', 3, 0],
      ['tenant', 3, 0],
    ],
  );
  stock.all = 1;
  assert.equal(await ask({ principal: 'a' }), 'served');
});

test('it is given back, too, where a rule that is counted here has filled up meanwhile, or the store can not be asked any more', async () => {
  for (const share of ['instance', 'redis'] as const) {
    const stock = { each: 10 };
    const lender = aLender(stock);
    const take: QuotaStore['take'] = async (key, ...of) => {
      if (key.startsWith('all')) throw new Error('gone');
      return lender.take(key, ...of);
    };
    const { env, ask } = guarded(
      [
        { name: 'all', rate: '1/s', burst: 1, per: 'all', share },
        { name: 'each', rate: '10/s', share: 'redis' },
      ],
      { store: { ...lender, take } },
    );
    const both = await Promise.all([ask({ principal: 'a' }), ask({ principal: 'b' })]);
    assert.equal(both.filter((answer) => answer === 'served').length, 1);
    assert.equal(stock.each, 9);
    assert.equal(env.clock.pending, 0);
  }
});

test('that nothing can be given back is a fault of nobody', async () => {
  const { giveBack: _, ...unable } = aLender({ each: 10, all: 0 });
  const lender = aLender({ each: 10, all: 0 });
  const failing: QuotaStore = { ...lender, giveBack: () => Promise.reject(new Error('gone')) };
  for (const store of [unable, failing]) {
    const { times } = guarded(
      [
        { name: 'all', rate: '10/s', per: 'all', share: 'redis' },
        { name: 'each', rate: '10/s', share: 'redis' },
      ],
      { store },
    );
    assert.equal(await times(3, { principal: 'a' }), 0);
  }
});

test('nobody takes from what another rule counts by what they are called', async () => {
  const keys = new Set<string>();
  const store: QuotaStore = {
    name: 'test',
    take: async (key) => {
      keys.add(key);
      return { waitMs: 0, left: 1 };
    },
  };
  const { ask } = guarded(
    [
      { name: 'login', rate: '10/s', per: 'header', of: 'x-tenant', share: 'redis' },
      { name: 'login:slow', rate: '1/s', per: 'header', of: 'x-tenant', share: 'redis' },
    ],
    { store },
  );
  await ask({ headers: { 'x-tenant': 'shop' } });
  await ask({ headers: { 'x-tenant': 'slow:shop' } });
  assert.equal(keys.size, 4);
});

test('when it may be back one request asks, and those beside it wait for nobody', async () => {
  const answers: PromiseWithResolvers<Taken>[] = [];
  const store = aStore(() => {
    const answer = Promise.withResolvers<Taken>();
    answers.push(answer);
    return answer.promise;
  });
  const { env, ask, times } = guarded([{ rate: '1000/s', share: 'redis' }], { store });
  const first = ask();
  await env.clock.advance(100);
  assert.equal(await first, 'served');
  await env.clock.advance(1_000);
  const probe = ask();
  assert.equal(await times(20), 20);
  assert.equal(store.asked, 2);
  await env.clock.advance(100);
  assert.equal(await probe, 'served');
  await env.clock.advance(1_000);
  const next = ask();
  answers.at(-1)!.resolve({ waitMs: 0, left: 7 });
  assert.equal(await next, 'served');
  const after = ask();
  answers.at(-1)!.resolve({ waitMs: 0, left: 6 });
  assert.equal(await after, 'served');
  assert.equal(store.asked, 4);
  assert.equal(env.clock.pending, 0);
});
