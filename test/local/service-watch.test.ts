import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordOf } from '../../src/discovery/record.ts';
import { encodeRecord, LONGEST_RECORD } from '../../src/wire/record.ts';
import { anInstance, everyValue, idsOf } from '../support/resolutions.ts';
import { StillFolder } from '../support/still-folder.ts';

const forever = { serviceType: 'STATIC' } as const;

test('an instance is taken as gone when it has been silent for three beats and a half, and no sooner', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const path = await world.leave(anInstance('a'));
  const orders = client.resolve('orders');
  await world.pass(3_400);
  await world.beat(path);
  await world.pass(3_400);
  assert.deepEqual(idsOf(orders.value), ['a']);
  await world.pass(700);
  assert.deepEqual(orders.value, { is: 'bound', endpoints: [] });
  await world.beat(path);
  await world.pass(500);
  assert.deepEqual(idsOf(orders.value), ['a']);
});

test('a record that was silent before we came is not there at all, and is swept away after a minute', async () => {
  await using world = await StillFolder.make();
  await world.leave(anInstance('a'));
  await world.pass(3_600);
  await using client = world.open();
  const orders = client.resolve('orders');
  await world.pass(500);
  assert.deepEqual(orders.value, { is: 'bound', endpoints: [] });
  assert.deepEqual(await client.services(), ['orders']);
  await world.pass(57_000, 500);
  assert.deepEqual(await client.services(), []);
});

test('an instance whose process is gone goes at the next look, and its file with it', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  world.living.add(77);
  await world.leave(anInstance('a'), { machine: 'here', pid: 77 });
  await world.leave(anInstance('b'), { machine: 'elsewhere', pid: 78 }); // may live, for all we know
  const orders = client.resolve('orders');
  await world.pass(100);
  assert.deepEqual(idsOf(orders.value), ['a', 'b']);
  world.living.delete(77);
  await world.pass(500);
  assert.deepEqual(idsOf(orders.value), ['b']);
  await world.leave(anInstance('a'), { machine: 'here', pid: 77 });
  await world.pass(500);
  assert.deepEqual(idsOf(orders.value), ['b']);
});

test('time in which we ourselves stood still is nobody else’s silence', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const path = await world.leave(anInstance('a'));
  const orders = client.resolve('orders');
  await world.pass(500);
  const heard = everyValue(orders);
  await world.pass(60_000, 60_000); // the machine slept for a minute
  await world.pass(1_000);
  await world.beat(path);
  await world.pass(1_000);
  assert.deepEqual(heard.map(idsOf), [['a']]);
});

test('a static record stays without a beat', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  await world.leave(anInstance('a'), undefined, forever);
  const orders = client.resolve('orders');
  await world.pass(120_000, 500);
  assert.deepEqual(idsOf(orders.value), ['a']);
});

test('every kind of thing that is no record costs itself alone, and is told once', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  await world.leave(anInstance('good'), undefined, forever);
  const text = (instance = anInstance('x')) => encodeRecord({ ...recordOf(instance, 0), ...forever });
  await world.write('torn', text().slice(0, 100));
  await world.write('empty', '');
  await world.write('binary', Uint8Array.of(0xff, 0xfe, 0x00));
  await world.write('list', '[]');
  await world.write('long', ' '.repeat(LONGEST_RECORD + 1));
  await world.write('another', text(anInstance('x')));
  await world.write('foreign', text(anInstance('foreign', { service: 'payments' })));
  await world.write('portless', text().replaceAll('3001', 'null').replace('"x"', '"portless"'));
  await mkdir(world.pathOf('folder'));
  await symlink('good.json', world.pathOf('link'));
  await symlink('/dev/zero', world.pathOf('device'));
  await writeFile(join(world.folder, 'orders', 'README.md'), 'not a record, and nobody says it is');
  const orders = client.resolve('orders');
  await world.pass(2_000);
  assert.deepEqual(idsOf(orders.value), ['good']);
  const problems = world.told.map((event) => (event.type === 'record' ? [event.id, event.problem] : []));
  assert.deepEqual(Object.fromEntries(problems), {
    torn: 'it is not JSON',
    empty: 'it is empty',
    binary: 'it is not JSON',
    list: 'it is not a JSON object',
    long: 'it is longer than 65536 bytes',
    another: "it is of the instance 'x'",
    foreign: "it is of the service 'payments'",
    portless: 'port and sslPort are both missing',
    folder: 'it is not a file',
    link: 'it is a symbolic link',
    device: 'it is a symbolic link',
  });
  assert.equal(world.told.length, 11);
  assert.equal(orders.unreadable?.count, 11);
  await world.write('portless', text(anInstance('portless')));
  for (const id of ['link', 'device', 'torn']) await rm(world.pathOf(id));
  await world.pass(600);
  assert.equal(orders.unreadable?.count, 7); // those that still are what they should not be
  await rm(join(world.folder, 'orders'), { recursive: true });
  await world.pass(5_000);
  assert.deepEqual(orders.unreadable, { count: 0, latest: [] });
});

test('a torn file is read again when it is whole', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  await world.write('a', '{"name":');
  const orders = client.resolve('orders');
  await world.pass(500);
  assert.deepEqual(orders.value, { is: 'bound', endpoints: [] });
  await world.leave(anInstance('a'), undefined, forever);
  await world.pass(500);
  assert.deepEqual(idsOf(orders.value), ['a']);
});

test('a folder that is swept away is an accident for a while: the list stands, stale, and heals', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  await world.leave(anInstance('a'), undefined, forever);
  const orders = client.resolve('orders');
  await world.pass(500);
  const heard = everyValue(orders);
  await rename(world.folder, `${world.folder}.aside`);
  await world.pass(3_000);
  assert.ok(orders.value.is === 'stale' && /orders is gone$/.test(String(orders.value.error)));
  await rename(`${world.folder}.aside`, world.folder);
  await world.pass(500);
  assert.equal(orders.value.is, 'bound');
  for (const value of heard) assert.deepEqual(idsOf(value), ['a']);
  assert.equal(heard.filter(({ is }) => is === 'stale').length, 1);
});

test('a folder that nobody makes again was given up, and its service is unknown', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  await world.leave(anInstance('a'), undefined, forever);
  const orders = client.resolve('orders');
  await world.pass(500);
  await rm(world.folder, { recursive: true });
  await world.pass(4_000);
  assert.deepEqual(orders.value, { is: 'unknown' });
  await world.leave(anInstance('b'), undefined, forever);
  await world.pass(100);
  assert.deepEqual(idsOf(orders.value), ['b']);
});

test('no more records are read than there may be, and the rest is told of once', async () => {
  await using world = await StillFolder.make();
  await using client = world.open({ mostFiles: 2 });
  for (const id of ['c', 'b', 'a']) await world.leave(anInstance(id), undefined, forever);
  const orders = client.resolve('orders');
  await world.pass(1_000);
  assert.deepEqual(idsOf(orders.value), ['a', 'b']);
  assert.deepEqual(
    world.told.map((event) => event.type === 'record' && event.problem),
    ['there are 3 records; only the first 2 are read'],
  );
});

test('what a process left half-written is removed after a minute', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const path = await world.leave(anInstance('a'), undefined, forever);
  const half = join(world.folder, 'orders', '.7-abc.tmp');
  await rename(path, half);
  client.resolve('orders');
  await world.pass(59_000, 500);
  assert.equal(await exists(half), true);
  await world.pass(2_000, 500);
  assert.equal(await exists(half), false);
});

const exists = (path: string): Promise<boolean> =>
  rename(path, path).then(
    () => true,
    () => false,
  );
