import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance, everyValue, has, idsOf, isBound, isBoundTo, isStale } from '../support/resolutions.ts';
import { until } from '../support/until.ts';
import { announcementLaws } from './announcement.ts';
import type { Law, RegistryWorld } from './world.ts';

/** What a kind of registry can go through. All, unless told otherwise. */
export interface Traits {
  /** Whether its lists change at all. */
  readonly changes?: boolean;
  /** Whether it has records that could be spoilt. */
  readonly spoils?: boolean;
}

/** The laws that every registry keeps. */
export function registryLaws(
  name: string,
  make: () => Promise<RegistryWorld>,
  { changes = true, spoils = changes }: Traits = {},
): void {
  const law = (title: string, body: (world: RegistryWorld) => Promise<void>) =>
    test(`${name}: ${title}`, { timeout: 120_000 }, async () => {
      await using world = await make();
      await body(world);
    });

  law('sees what is there, with all that is known of it', async (world) => {
    const told = { ...anInstance('a'), host: '::1', secure: true, weight: 3, zone: 'z1', metadata: { version: '2' } };
    await world.list(told);
    await world.list(anInstance('b', { port: 3002 }));
    await using client = await world.open();
    const { endpoints } = await until(client.resolve('orders'), isBoundTo(2));
    const secure = endpoints.find(({ url }) => url.startsWith('https:'));
    const plain = endpoints.find(({ url }) => url.startsWith('http:'));
    assert.equal(secure?.url, 'https://[::1]:3001');
    assert.deepEqual([secure?.weight, secure?.zone, secure?.metadata], [3, 'z1', { version: '2' }]);
    assert.equal(plain?.url, 'http://10.0.0.5:3002');
    assert.deepEqual([plain?.weight, plain?.zone, plain?.metadata], [1, '', {}]);
    assert.deepEqual(await client.services(), ['orders']);
  });

  law('a service that nobody has heard of is unknown, and so is what can not be the name of one', async (world) => {
    await world.list(anInstance('a'));
    await using client = await world.open();
    for (const service of ['payments', 'constructor', '../orders', 'or/ders', '', '.'])
      await until(client.resolve(service), ({ is }) => is === 'unknown');
  });

  law('two clients do not meet, and one that is closed leaves the other alone', async (world) => {
    await world.list(anInstance('a'));
    const first = await world.open();
    await using second = await world.open();
    await until(first.resolve('orders'), isBoundTo(1));
    const orders = second.resolve('orders');
    await until(orders, isBoundTo(1));
    await first.close();
    assert.equal(orders.value.is, 'bound');
    await until(second.resolve('orders'), isBoundTo(1));
  });

  law('close can be called twice, leaves nothing behind, and later questions stay open', async (world) => {
    await world.list(anInstance('a'));
    const client = await world.open();
    const orders = client.resolve('orders');
    await until(orders, isBoundTo(1));
    await client.close();
    await client.close();
    await client[Symbol.asyncDispose]();
    await orders[Symbol.asyncDispose]();
    assert.deepEqual(await world.leftovers(), []);
    const late = client.resolve('orders');
    assert.ok(late.value.is === 'pending' || late.value.is === 'bound');
    await late[Symbol.asyncDispose]();
    assert.deepEqual(await world.leftovers(), []);
  });

  if (changes) changeLaws(law);
  if (changes) announcementLaws(law);
  if (spoils) law('a record that can not be read costs itself and nothing else', spoilt);
}

function changeLaws(law: Law): void {
  law('sees what comes and what goes', async (world) => {
    await using client = await world.open();
    const orders = client.resolve('orders');
    await world.list(anInstance('a'));
    await until(orders, isBoundTo('a'));
    await world.list(anInstance('b'));
    await until(orders, isBoundTo('a', 'b'));
    await world.unlist('orders', 'a');
    await until(orders, isBoundTo('b'));
    await world.unlist('orders', 'b');
    await until(orders, ({ is, ...rest }) => is === 'unknown' || ('endpoints' in rest && rest.endpoints.length === 0));
    await world.list(anInstance('c'));
    await until(orders, isBoundTo('c'));
  });

  law('a change is seen in place: the same endpoint, and the others untouched', async (world) => {
    await world.list(anInstance('a'));
    await world.list(anInstance('b'));
    await using client = await world.open();
    const orders = client.resolve('orders');
    const [, before] = (await until(orders, isBoundTo('a', 'b'))).endpoints;
    const heard = everyValue(orders);
    await world.list(anInstance('a', { weight: 5, metadata: { version: '2' } }));
    const { endpoints } = await until(
      orders,
      has('a', ({ weight }) => weight === 5),
    );
    assert.deepEqual(endpoints[0]?.metadata, { version: '2' });
    assert.equal(endpoints[1], before);
    for (const value of heard) assert.deepEqual(idsOf(value), ['a', 'b']);
  });

  law('weight 0 is a fact that is told, not an absence', async (world) => {
    await world.list(anInstance('a', { weight: 0 }));
    await using client = await world.open();
    await until(
      client.resolve('orders'),
      has('a', ({ weight }) => weight === 0),
    );
  });

  law('who is no longer interested hears nothing more', async (world) => {
    await using client = await world.open();
    await world.list(anInstance('a'));
    const done = client.resolve('orders');
    await until(done, isBoundTo('a'));
    const heard = everyValue(done);
    await done[Symbol.asyncDispose]();
    await done[Symbol.asyncDispose]();
    await world.list(anInstance('b'));
    await until(client.resolve('orders'), isBoundTo('a', 'b'));
    assert.equal(heard.length, 1);
  });

  law('while the registry is away the last good list stands, and is never empty', async (world) => {
    await world.list(anInstance('a'));
    await world.list(anInstance('b'));
    await using client = await world.open();
    const orders = client.resolve('orders');
    const { endpoints } = await until(orders, isBoundTo('a', 'b'));
    const heard = everyValue(orders);
    await world.away();
    const stale = await until(orders, isStale);
    assert.deepEqual(stale.endpoints, endpoints);
    assert.ok(stale.error instanceof Error);
    await world.back();
    assert.deepEqual((await until(orders, isBound)).endpoints, endpoints);
    await world.list(anInstance('c'));
    await until(orders, isBoundTo('a', 'b', 'c'));
    for (const value of heard) assert.ok(idsOf(value).length >= 2, JSON.stringify(value));
  });

  law('a question asked while the registry is away is answered when it is back', async (world) => {
    await world.list(anInstance('a'));
    await using client = await world.open();
    await until(client.resolve('orders'), isBoundTo('a'));
    await world.away();
    const late = client.resolve('orders');
    assert.equal(late.value.is, 'pending');
    await world.back();
    await until(late, isBoundTo('a'));
  });

  law('close settles while the registry is away', async (world) => {
    await world.list(anInstance('a'));
    const client = await world.open();
    const orders = client.resolve('orders');
    await until(orders, isBoundTo('a'));
    await client.announce(anInstance('b'));
    await world.away();
    await until(orders, isStale);
    await client.close();
    await world.back();
  });
}

async function spoilt(world: RegistryWorld): Promise<void> {
  await world.list(anInstance('a'));
  await world.list(anInstance('b'));
  await using client = await world.open();
  const orders = client.resolve('orders');
  await until(orders, isBoundTo('a', 'b'));
  await world.corrupt('orders', 'x');
  await world.list(anInstance('c'));
  await until(orders, isBoundTo('a', 'b', 'c'));
  await world.corrupt('orders', 'a');
  await until(orders, isBoundTo('b', 'c'));
  await world.list(anInstance('a'));
  await until(orders, isBoundTo('a', 'b', 'c'));
  await until(client.resolve('orders'), isBoundTo('a', 'b', 'c'));
}
