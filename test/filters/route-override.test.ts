import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aTown } from '../support/town.ts';

const OVERRIDE = { baggage: 'inmesh.route=orders:orders-canary,color=green' };
const letting = (...callers: string[]) => ({ defaults: { route: { callers } } });

test('who may sends the calls of a request elsewhere by baggage, and the wish goes along', async () => {
  const town = aTown(letting('tester'));
  assert.equal(await town.serving({ ...OVERRIDE, 'x-who': 'tester' }), 'canary');
  assert.equal(town.seen[0]!.headers.baggage, OVERRIDE.baggage);
  assert.deepEqual(town.told(), [['override', 'orders-canary', '']]);
  await town.end();
});

test('it follows the call graph over three hops, each of which trusts the one before it', async () => {
  const hops = ['edge', 'cart', 'checkout'].map((self) => aTown(letting('tester', 'edge', 'cart'), self));
  let headers: Record<string, string> = { ...OVERRIDE, 'x-who': 'tester' };
  for (const [at, hop] of hops.entries()) {
    const to = at < 2 ? 'checkout' : 'orders'; // whatever is next: only `orders` is asked for elsewhere
    const host = await hop.serving(headers, () => hop.call(undefined, to));
    assert.equal(host, at < 2 ? 'checkout' : 'canary');
    headers = { baggage: hop.seen[0]!.headers.baggage!, 'x-who': hop.mesh.service };
  }
  for (const hop of hops) await hop.end();
});

test('from who may not it is taken away, so that nobody behind us believes that we asked', async () => {
  for (const who of ['mallory', undefined]) {
    const town = aTown(letting('tester'));
    const host = await town.serving({ ...OVERRIDE, ...(who !== undefined && { 'x-who': who }) });
    assert.notEqual(host, 'canary');
    assert.equal(town.seen[0]!.headers.baggage, 'color=green');
    assert.deepEqual(town.told(), [['refused', '', '']]);
    await town.end();
  }
});

test('where the policy names nobody, nobody may', async () => {
  const town = aTown({});
  assert.notEqual(await town.serving({ ...OVERRIDE, 'x-who': 'tester' }), 'canary');
  assert.equal(town.seen[0]!.headers.baggage, 'color=green');
  await town.end();
});

test('headers that were only handed on prove nobody', async () => {
  const town = aTown(letting('checkout'));
  const host = await town.mesh.within(OVERRIDE, () => town.call());
  assert.notEqual(host, 'canary');
  await town.end();
});

test('an override goes before rules, and keeps the key of a split out of it', async () => {
  const town = aTown({
    defaults: { route: { callers: ['*'] } },
    services: { orders: { route: { rules: [{ to: [{}] }] } } },
  });
  assert.equal(await town.serving(OVERRIDE), 'canary');
  await town.end();
});

test('an override that leads back to ourselves is refused: it would lead in a circle', async () => {
  const town = aTown(letting('*'), 'orders-canary');
  const host = await town.serving(OVERRIDE);
  assert.ok(host === 'v1' || host === 'v2', host);
  assert.deepEqual(town.told(), [['circle', 'orders-canary', '']]);
  await town.end();
});

test('rules of two services that lead to each other lead in no circle: a call is routed once', async () => {
  const town = aTown({
    services: {
      orders: { route: { rules: [{ to: [{ service: 'orders-canary' }] }] } },
      'orders-canary': { route: { rules: [{ to: [{ service: 'orders' }] }] } },
    },
  });
  assert.equal(await town.call(), 'canary');
  assert.notEqual(await town.call(undefined, 'orders-canary'), 'canary');
  await town.end();
});

test('what can not be read in it changes nothing', async () => {
  for (const wish of ['orders', 'orders:', 'stock:stock-2', 'orders:..', 'orders:orders']) {
    const town = aTown(letting('*'));
    assert.notEqual(await town.serving({ baggage: `inmesh.route=${encodeURIComponent(wish)}` }), 'canary', wish);
    await town.end();
  }
});
