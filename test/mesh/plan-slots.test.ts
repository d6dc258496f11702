import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions } from '../../src/core/call.ts';
import type { SlotPlan } from '../../src/core/plan.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, FakeRegistry, refused } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';

/** What a slot would do with such a call. */
function at(mesh: Mesh, slot: string, options: CallOptions = {}): SlotPlan {
  const plan = mesh.plan('orders', options);
  return [...plan.slots, ...plan.ways.flatMap((way) => [...way.slots, ...way.attempt])].find(
    (one) => one.slot === slot,
  )!;
}

const world = (defaults: PolicySections) => aMesh({ policy: { defaults } });
const well = () => answer(200);

test('a quota says that there is room, how long it would hold a call up, or for how long it refuses', async () => {
  const { mesh, env } = await world({
    quota: {
      calls: [
        { name: 'each', rate: '1/s', burst: 1, per: 'key' },
        { name: 'all', rate: '10/s', burst: 2, mode: 'queue' },
      ],
    },
  });
  assert.deepEqual(
    [at(mesh, 'quota', { key: 'a' }).does, at(mesh, 'quota', { key: 'a' }).why],
    ['passes', 'each: there is room; all: there is room'],
  );
  await mesh.call('orders', well, { key: 'a' });
  const refused = at(mesh, 'quota', { key: 'a' });
  assert.deepEqual([refused.does, refused.waitMs, refused.why], ['refuses', 1_000, 'each: used up, room in 1s']);
  assert.match(mesh.explain('orders', { key: 'a' }), /^orders in fixed: refused by quota$/m);
  await mesh.call('orders', well, { key: 'b' });
  const held = at(mesh, 'quota', { key: 'c' });
  assert.deepEqual([held.does, held.waitMs], ['waits', 100]);
  await env.clock.advance(1_000);
  assert.equal(at(mesh, 'quota', { key: 'a' }).does, 'passes');
  assert.deepEqual(
    mesh.snapshot().clusters[0]!.quotas.map(({ passed, refused }) => [passed, refused]),
    [
      [2, 0],
      [2, 0],
    ],
  );
  await mesh.close();
});

test('asking about ten thousand keys forgets no key that was used', async () => {
  const { mesh } = await world({ quota: { calls: [{ rate: '1/s', burst: 1, per: 'key' }] } });
  await mesh.call('orders', well, { key: 'used' });
  for (let n = 0; n < 10_100; n++) mesh.plan('stock', { key: `k${n}` });
  for (let n = 0; n < 10_100; n++) mesh.plan('orders', { key: `k${n}`, strategy: 'broadcast' });
  await assert.rejects(mesh.call('orders', well, { key: 'used' }), { reason: 'quota' });
  await mesh.close();
});

test('a circuit says that it is closed, open and for how long, or that this call would try', async () => {
  const { mesh, env } = await world({
    circuit: { mode: 'enforce', volume: 5, open: '2s' },
    retry: { attempts: 1 },
    outlier: { failures: 0 },
  });
  assert.deepEqual(
    [at(mesh, 'circuit').does, at(mesh, 'circuit').why],
    ['passes', 'closed: nothing is known of calls yet'],
  );
  for (let n = 0; n < 5; n++) await assert.rejects(mesh.call('orders', () => Promise.reject(refused())));
  const open = at(mesh, 'circuit');
  assert.equal(open.does, 'refuses');
  assert.ok(open.waitMs > 0 && open.waitMs <= 2_000);
  assert.match(open.why, /^circuit open: no calls for another .*5 of 5 calls failed$/);
  await env.clock.advance(2_000);
  assert.match(at(mesh, 'circuit').why, /^half-open: this one tries/);
  const trying = mesh.call('orders', () => new Promise(() => {})).catch(() => {});
  await env.clock.advance(1);
  assert.deepEqual([at(mesh, 'circuit').does, at(mesh, 'circuit').waitMs > 0], ['refuses', true]);
  await env.clock.advance(20_000);
  await trying;
  await mesh.close();
});

test('limits and throttling say whether there is room, who waits, and what share is not made', async () => {
  const { mesh, env } = await world({
    limit: { service: 1, queue: 1, wait: '1m' },
    throttle: { mode: 'enforce', ratio: 1 },
    retry: { attempts: 1 },
    outlier: { failures: 0 },
  });
  assert.deepEqual([at(mesh, 'limit').does, at(mesh, 'limit').why], ['passes', '0 of 1 under way']);
  const stop = new AbortController();
  const hang = () =>
    mesh.call('orders', () => new Promise(() => {}), { signal: stop.signal, timeout: '1m' }).catch(() => {});
  const under = [hang()];
  assert.deepEqual(
    [at(mesh, 'limit').does, at(mesh, 'limit').why],
    ['waits', '1 of 1 under way: it waits for room, nobody waits before it'],
  );
  under.push(hang());
  assert.equal(at(mesh, 'limit').does, 'refuses');
  assert.equal(at(mesh, 'limit', { priority: 'critical' }).does, 'passes', 'what is critical may fill it twice');
  stop.abort();
  await Promise.all(under);
  assert.equal(at(mesh, 'throttle').does, 'passes');
  for (let n = 0; n < 40; n++) await mesh.call('orders', () => answer(503)).catch(() => {});
  const throttled = at(mesh, 'throttle');
  assert.equal(throttled.does, 'refuses');
  assert.ok(throttled.share > 0.5 && throttled.share < 1);
  assert.match(mesh.explain('orders', {}), /throttle +REFUSES [\d.]+ % of such calls: \d+ of \d+ were accepted/);
  await env.clock.advance(11_000);
  assert.equal(at(mesh, 'throttle').does, 'passes');
  await mesh.close();
});

test('faults and copies say their shares, a hedge when, a strategy what it does, and a token is not made for it', async () => {
  const { mesh } = await world({
    fault: { abortShare: 0.1, delayShare: 0.25, delay: '2s' },
    mirror: { to: 'stock', share: 0.05 },
    hedge: { mode: 'delay', delay: '30ms' },
    authenticate: { mode: 'token' },
  });
  const faults = mesh.plan('orders', {}).slots.filter(({ slot }) => slot === 'fault');
  assert.deepEqual(
    faults.map(({ does, share, waitMs }) => [does, share, waitMs]),
    [
      ['waits', 0.25, 2_000],
      ['refuses', 0.1, 0],
    ],
  );
  assert.deepEqual([at(mesh, 'mirror').does, at(mesh, 'mirror').share], ['sends', 0.05]);
  assert.equal(at(mesh, 'mirror', { replayable: false }).does, 'nothing');
  assert.match(at(mesh, 'hedge', { method: 'GET' }).why, /^hedge after 30 ms/);
  assert.deepEqual([at(mesh, 'hedge').does, at(mesh, 'hedge').why], ['nothing', 'not idempotent']);
  assert.deepEqual(
    [at(mesh, 'authenticate').does, at(mesh, 'authenticate').why],
    ['refuses', 'the policy wants a proof of who we are, and there is no identity'],
  );
  assert.match(at(mesh, 'strategy', { strategy: 'failfast' }).why, /^failfast: one attempt/);
  assert.equal(at(mesh, 'retry', { strategy: 'failfast' }).does, 'nothing');
  const [all] = mesh.plan('orders', { strategy: 'broadcast' }).ways;
  assert.deepEqual([all!.by, all!.endpoints.map(({ share }) => share)], ['all', [1, 1, 1]]);
  await mesh.close();
});

test('a filter of the user is listed as one that nobody asked, and a slot that was taken out is not there', async () => {
  let asked = 0;
  const filter = (next: never) => {
    asked++;
    return next;
  };
  const mine = { name: 'mine', filter };
  const { mesh } = await aMesh({
    stacks: {
      cluster: (stack) =>
        stack
          .before('retry', mine as never)
          .without('hedge')
          .without('route'),
    },
  });
  const before = asked;
  const plan = mesh.plan('orders', {});
  const names = [...plan.slots, ...plan.ways[0]!.slots].map(({ slot }) => slot);
  assert.ok(!names.includes('hedge') && !names.includes('route'));
  assert.equal(names.indexOf('mine') + 1, names.indexOf('retry'));
  assert.equal(at(mesh, 'mine').does, 'unasked');
  assert.match(mesh.explain('orders', {}), /^ {4}mine +UNASKED: a filter of your own/m);
  assert.equal(asked - before, 1, 'its way was made, and nothing went it');
  await mesh.close();
});

test('a request that is no request is refused as the options of a call are, and a name that is none', async () => {
  const { mesh } = await aMesh();
  for (const options of [{ metod: 'GET' }, { priority: 'high' }, { headers: 'x' }, { timeout: '5 parsecs' }]) {
    let refusal: unknown;
    await mesh.call('orders', well, options as never).catch((error) => {
      refusal = error;
    });
    assert.ok(refusal instanceof Error);
    assert.throws(() => mesh.explain('orders', options as never), { message: refusal.message });
    assert.throws(() => mesh.plan('orders', options as never), { message: refusal.message });
  }
  assert.throws(() => mesh.plan('or ders', {}), { reason: 'request' });
  await mesh.close();
});

test('asking about services that nobody calls keeps none of them: a few are watched for half a minute', async () => {
  const registry = new FakeRegistry().set('orders', ['http://a:1']);
  const { mesh, env } = await aMesh({ registry: registry.client() });
  for (let n = 0; n < 100; n++) mesh.explain(`typo-${n}`, { method: 'GET', path: '/' });
  assert.equal(registry.open, 16);
  assert.deepEqual(mesh.snapshot().clusters, []);
  await env.clock.advance(30_000);
  assert.equal(registry.open, 0);
  mesh.explain('orders', {});
  assert.equal(registry.open, 1);
  await mesh.call('orders', well);
  assert.equal(registry.open, 1, 'the look is over when the service is called');
  mesh.explain('typo', {});
  await mesh.close();
  assert.deepEqual([registry.open, env.clock.scheduled], [0, 0]);
  mesh.explain('after', {});
  assert.equal(registry.open, 0);
});

test('a service that the registry has not answered for would wait, and one it does not know fails', async () => {
  const registry = new FakeRegistry().pending('orders');
  const { mesh } = await aMesh({ registry: registry.client() });
  assert.match(mesh.explain('orders', {}), /^orders in fake: waits for the registry$/m);
  registry.set('orders', ['http://a:1']);
  assert.match(mesh.explain('orders', {}), /^orders in fake: goes to a:1$/m);
  assert.match(mesh.explain('nobody', {}), /^nobody in fake: fails: not known in the registry$/m);
  await mesh.close();
});

test('nothing secret is told, and what a stranger wrote plays no tricks on a terminal', async () => {
  const { mesh } = await world({ hash: { key: 'header:authorization' }, balance: { picker: 'maglev' } });
  const options = {
    method: 'GET',
    path: '/a\u001b[31m\n?token=s3cret',
    route: 'x\u202ey',
    headers: { authorization: 'Bearer s3cret', cookie: 'id=s3cret' },
  };
  const text = mesh.explain('orders', options);
  assert.match(text, /^orders GET \/a\\x1b\[31m\\x0a in fixed: goes to /);
  assert.match(text, /route x\\u\{202e\}y/);
  assert.doesNotMatch(text + JSON.stringify(mesh.plan('orders', options)), /s3cret/);
  const plan = mesh.plan('orders', options);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, 'a plan is plain JSON');
  await mesh.close();
});

test('of thousands of endpoints the text shows a dozen, and counts the others', async () => {
  const orders = Array.from({ length: 3_000 }, (_, n) => ({ url: `http://h${n}:1`, weight: n < 2_000 ? 1 : 0 }));
  const { mesh } = await aMesh({ registry: { fixed: { orders } } });
  const text = mesh.explain('orders', {});
  assert.ok(text.split('\n').length < 40, text);
  assert.match(text, /and 1988 more\n {6}passed over: 1000 with weight 0, which takes no new calls/);
  await mesh.close();
});

test('of very many endpoints that are full and free the shares are told at once', async () => {
  const orders = Array.from({ length: 2_000 }, (_, n) => ({ url: `http://h${n}:1`, weight: 1 + (n % 2) }));
  const { mesh } = await aMesh({
    registry: { fixed: { orders } },
    policy: { defaults: { limit: { endpoint: 1 }, deadline: { timeout: '1h' } } },
  });
  const stop = new AbortController();
  const under = Array.from({ length: 1_500 }, () =>
    mesh.call('orders', () => new Promise(() => {}), { signal: stop.signal }).catch(() => {}),
  );
  const [way] = mesh.plan('orders', {}).ways;
  const free = way!.endpoints.filter(({ share }) => share > 0);
  assert.equal(free.length, 500);
  assert.ok(Math.abs(free.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  assert.equal(way!.endpoints.filter(({ passedOver }) => passedOver === 'full').length, 1_500);
  stop.abort();
  await Promise.all(under);
  await mesh.close();
});
