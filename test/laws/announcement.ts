import assert from 'node:assert/strict';
import { anInstance, everyValue, has, idsOf, isBoundTo, isStale, refusedFor } from '../support/resolutions.ts';
import { until } from '../support/until.ts';
import type { Law } from './world.ts';

/** The laws of being on a list. */
export function announcementLaws(law: Law): void {
  law('who announces is seen by all, with all that was said', async (world) => {
    await using teller = await world.open();
    await using asker = await world.open();
    const orders = asker.resolve('orders');
    const told = anInstance('a', { weight: 2, zone: 'z1', metadata: { version: '2' } });
    const listing = await teller.announce(told);
    assert.equal(listing.state.value, 'listed');
    assert.deepEqual(listing.instance, told);
    const { endpoints } = await until(orders, isBoundTo('a'));
    const { url, weight, zone, metadata } = endpoints[0]!;
    assert.deepEqual([url, weight, zone, metadata], ['http://10.0.0.5:3001', 2, 'z1', { version: '2' }]);
    await until(teller.resolve('orders'), isBoundTo('a')); // itself included
    assert.deepEqual(await asker.services(), ['orders']);
  });

  law('an update is seen in place, with never a moment off the list', async (world) => {
    await using teller = await world.open();
    await using asker = await world.open();
    const listing = await teller.announce(anInstance('a', { metadata: { version: '1' } }));
    const orders = asker.resolve('orders');
    await until(orders, isBoundTo('a'));
    const heard = everyValue(orders);
    await listing.update({ weight: 7 });
    await until(
      orders,
      has('a', ({ weight }) => weight === 7),
    );
    await listing.update({ metadata: { version: '2' } });
    await until(
      orders,
      has('a', ({ weight, metadata }) => weight === 7 && metadata.version === '2'),
    );
    await listing.update({ weight: 0 });
    await until(
      orders,
      has('a', ({ weight }) => weight === 0),
    );
    assert.equal(listing.instance.weight, 0);
    for (const value of heard) assert.deepEqual(idsOf(value), ['a']);
  });

  law('leaving is final', async (world) => {
    await using teller = await world.open();
    await using asker = await world.open();
    const orders = asker.resolve('orders');
    const listing = await teller.announce(anInstance('a'));
    await teller.announce(anInstance('b'));
    await until(orders, isBoundTo('a', 'b'));
    await listing.close();
    assert.equal(listing.state.value, 'left');
    await until(orders, isBoundTo('b'));
    const heard = everyValue(orders);
    await listing.close();
    await refusedFor('registry', listing.update({ weight: 2 }));
    await teller.announce(anInstance('c'));
    await until(orders, isBoundTo('b', 'c'));
    for (const value of heard) assert.ok(!idsOf(value).includes('a'));
  });

  law('a twin of the same id is refused, and neither takes the record of the other away', async (world) => {
    await using first = await world.open();
    await using asker = await world.open();
    const second = await world.open();
    const listing = await first.announce(anInstance('a', { port: 3001 }));
    const orders = asker.resolve('orders');
    await until(orders, isBoundTo('a'));
    const heard = everyValue(orders);
    await refusedFor('registry', second.announce(anInstance('a', { port: 3002 })));
    await refusedFor('registry', first.announce(anInstance('a', { port: 3003 }))); // not even of one client
    await second.close();
    await first.announce(anInstance('b'));
    await until(orders, isBoundTo('a', 'b'));
    assert.equal(listing.state.value, 'listed');
    for (const value of heard) {
      assert.ok('endpoints' in value && value.endpoints[0]!.url === 'http://10.0.0.5:3001', JSON.stringify(value));
    }
  });

  law('an id is free again when its holder has left', async (world) => {
    await using first = await world.open();
    await using second = await world.open();
    const orders = second.resolve('orders');
    const listing = await first.announce(anInstance('a', { port: 3001 }));
    await until(orders, isBoundTo('a'));
    await listing.close();
    const next = await second.announce(anInstance('a', { port: 3002 }));
    await until(
      orders,
      has('a', ({ address }) => address.endsWith(':3002')),
    );
    await listing.close(); // the one who left takes nothing with it
    await first.announce(anInstance('b'));
    await until(orders, isBoundTo('a', 'b'));
    assert.equal(next.state.value, 'listed');
  });

  law('what is no instance is refused at the door', async (world) => {
    await using client = await world.open();
    for (const wrong of [
      { service: '../orders' },
      { id: '../a' },
      { id: '' },
      { host: 'a b' },
      { port: 0 },
      { weight: -1 },
      { metadata: { weight: '1' } },
    ])
      await refusedFor('request', client.announce(anInstance('a', wrong)));
    const listing = await client.announce(anInstance('a'));
    await refusedFor('request', listing.update({ weight: Number.NaN }));
    assert.equal(listing.instance.weight, 1);
  });

  law('a listing is lost while the registry is away, and stands again when it is back', async (world) => {
    await using teller = await world.open();
    await using asker = await world.open();
    const listing = await teller.announce(anInstance('a'));
    const orders = asker.resolve('orders');
    await until(orders, isBoundTo('a'));
    await world.away();
    await until(listing.state, (state) => state === 'lost');
    await until(orders, isStale);
    const told = listing.update({ weight: 4 }).catch(() => {}); // kept, and told later
    await world.back();
    await told;
    await until(listing.state, (state) => state === 'listed');
    await until(
      orders,
      has('a', ({ weight }) => weight === 4),
    );
  });

  law('who could not be listed is not listed later', async (world) => {
    await using teller = await world.open();
    await using asker = await world.open();
    const orders = asker.resolve('orders');
    await teller.announce(anInstance('a'));
    await until(orders, isBoundTo('a'));
    await world.away();
    await refusedFor('registry', teller.announce(anInstance('b')));
    await world.back();
    await until(orders, ({ is }) => is === 'bound');
    const heard = everyValue(orders);
    await world.list(anInstance('c'));
    await until(orders, isBoundTo('a', 'c'));
    for (const value of heard) assert.ok(!idsOf(value).includes('b'));
  });

  law('a client that is closed takes its instances off the list, and leaves nothing behind', async (world) => {
    const teller = await world.open();
    const asker = await world.open();
    const orders = asker.resolve('orders');
    const listings = await Promise.all(['a', 'b', 'c'].map((id) => teller.announce(anInstance(id))));
    await asker.announce(anInstance('d'));
    await until(orders, isBoundTo('a', 'b', 'c', 'd'));
    await teller.close();
    for (const { state } of listings) assert.equal(state.value, 'left');
    await until(orders, isBoundTo('d'));
    await refusedFor('closed', teller.announce(anInstance('e')));
    await asker.close();
    assert.deepEqual(await world.leftovers(), []);
  });

  law('many come at once, and all are seen', async (world) => {
    await using teller = await world.open();
    await using asker = await world.open();
    const orders = asker.resolve('orders');
    await Promise.all(
      Array.from({ length: 60 }, (_, at) => teller.announce(anInstance(`i${at}`, { port: 4_000 + at }))),
    );
    await until(orders, isBoundTo(60));
  });
}
