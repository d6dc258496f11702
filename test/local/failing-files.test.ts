import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { failing } from '../support/failing-files.ts';
import { anInstance, everyValue, idsOf, refusedFor } from '../support/resolutions.ts';
import { StillFolder } from '../support/still-folder.ts';

const forever = { serviceType: 'STATIC' } as const;

for (const verb of ['stat', 'readdir', 'lstat', 'open'] as const) {
  test(`no file descriptors left for ${verb} is nobody's death: the list stands, stale, and heals`, async () => {
    await using world = await StillFolder.make();
    await using client = world.open();
    for (const id of ['a', 'b', 'c']) await world.leave(anInstance(id), undefined, forever);
    const orders = client.resolve('orders');
    await world.pass(100);
    const heard = everyValue(orders);
    {
      using _ = failing(verb, 'EMFILE', (path) => path.startsWith(world.folder));
      await world.leave(anInstance('b', { weight: 2 }), undefined, forever); // so that there is something to read
      await world.pass(1_000);
      assert.ok(orders.value.is === 'stale' && (orders.value.error as Error).message.startsWith('EMFILE'));
    }
    await world.pass(500);
    assert.deepEqual(
      heard.map(({ is }) => is),
      ['bound', 'stale', 'bound'],
    );
    for (const value of heard) assert.deepEqual(idsOf(value), ['a', 'b', 'c']);
    assert.deepEqual(world.told, []); // no record is to blame
  });
}

test('one file that may not be read costs itself alone', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  await world.leave(anInstance('a'), undefined, forever);
  const orders = client.resolve('orders');
  await world.pass(100);
  using _ = failing('open', 'EACCES', (path) => path.endsWith('b.json'));
  await world.leave(anInstance('b'), undefined, forever);
  await world.pass(1_000);
  assert.deepEqual(orders.value.is === 'bound' && idsOf(orders.value), ['a']);
  assert.deepEqual(
    world.told.map((event) => event.type === 'record' && [event.id, event.problem]),
    [['b', 'it may not be read']],
  );
});

test('a file system without hard links does as well', async () => {
  await using world = await StillFolder.make();
  using _ = failing('link', 'EPERM', () => true);
  await using first = world.open();
  await using second = world.open();
  const listing = await first.announce(anInstance('a'));
  await refusedFor('registry', second.announce(anInstance('a')));
  const orders = second.resolve('orders');
  await world.pass(5_000);
  assert.deepEqual(idsOf(orders.value), ['a']);
  assert.deepEqual(await readdir(join(world.folder, 'orders')), ['a.json']);
  await listing.close();
  await world.pass(500);
  assert.deepEqual(orders.value, { is: 'bound', endpoints: [] });
});

for (const code of ['ENOSPC', 'EDQUOT']) {
  test(`a disk that takes no more (${code}) takes nobody off the list: what was said last stands until it does`, async () => {
    await using world = await StillFolder.make();
    await using client = world.open();
    await using other = world.open();
    const listing = await client.announce(anInstance('a'));
    const orders = other.resolve('orders');
    await world.pass(100);
    const heard = everyValue(orders);
    {
      using _ = failing('writeFile', code, (path) => path.startsWith(world.folder));
      await listing.update({ weight: 3 });
      assert.equal(listing.state.value, 'lost'); // what it says is not what it should
      await world.pass(20_000);
    }
    for (const value of heard) assert.deepEqual(idsOf(value), ['a']);
    await world.pass(3_000);
    assert.equal(listing.state.value, 'listed');
    assert.deepEqual(orders.value.is === 'bound' && orders.value.endpoints.map(({ weight }) => weight), [3]);
  });
}

test('who can not be listed is told why', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  using _ = failing('link', 'EIO', () => true);
  await assert.rejects(client.announce(anInstance('a')), /^MeshError: orders: 'a' can not be listed: EIO: link/);
  assert.deepEqual(await readdir(join(world.folder, 'orders')), []);
  assert.equal(world.clock.pending, 0);
});

test('who asks for the services while they can not be read is told so', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  using _ = failing('readdir', 'EMFILE', () => true);
  await assert.rejects(
    client.services(),
    /^MeshError: local:\/\/\S+ can not be read: EMFILE: readdir \(UNAVAILABLE: reg/,
  );
});
