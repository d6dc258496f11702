import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeRecord } from '../../src/wire/record.ts';
import { anInstance, everyValue, idsOf, refusedFor } from '../support/resolutions.ts';
import { StillFolder } from '../support/still-folder.ts';

const read = async (path: string) => decodeRecord(await readFile(path));

test('the file is a record that Curator would read, and says whose it is', async () => {
  await using world = await StillFolder.make();
  await using client = world.open({ pid: 7 });
  await client.announce(anInstance('10.0.0.5:3001', { weight: 2, zone: 'z1', metadata: { version: '2' } }));
  const { metadata, ...record } = await read(join(world.folder, 'orders', '10.0.0.5%3A3001.json'));
  assert.deepEqual(record, {
    name: 'orders',
    id: '10.0.0.5:3001',
    address: '10.0.0.5',
    port: 3001,
    sslPort: null,
    registeredAt: world.clock.epoch(),
    enabled: true,
    serviceType: 'DYNAMIC',
    payloadClass: 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
    payloadId: '10.0.0.5:3001',
  });
  const { 'inmesh.owner': token, ...texts } = metadata;
  assert.match(String(token), /^[0-9a-f]{16}$/);
  assert.deepEqual(texts, {
    instance_status: 'UP',
    zone: 'z1',
    weight: '2',
    version: '2',
    'inmesh.machine': 'here',
    'inmesh.pid': '7',
    'inmesh.start': 's',
  });
  const { mode } = await stat(join(world.folder, 'orders', '10.0.0.5%3A3001.json'));
  assert.equal(mode & 0o777, 0o600);
});

test('a beat every second keeps it on the list for as long as it lives', async () => {
  await using world = await StillFolder.make();
  await using teller = world.open();
  await using asker = world.open({ machine: 'elsewhere' }); // so that beats are all it can go by
  await teller.announce(anInstance('a'));
  const orders = asker.resolve('orders');
  await world.pass(100);
  const heard = everyValue(orders);
  for (let second = 0; second < 10; second++) {
    await world.pass(1_000);
    const { mtimeMs } = await stat(world.pathOf('a'));
    assert.ok(world.clock.epoch() - mtimeMs <= 1_050);
  }
  assert.deepEqual(heard.map(idsOf), [['a']]);
});

test('a file that was deleted from outside is written again with the next beat', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const listing = await client.announce(anInstance('a'));
  const since = (await read(world.pathOf('a'))).registeredAt;
  for (const what of [world.pathOf('a'), join(world.folder, 'orders'), world.folder]) {
    await rm(what, { recursive: true });
    await world.pass(1_100);
    assert.equal((await read(world.pathOf('a'))).registeredAt, since);
    assert.equal(listing.state.value, 'listed');
  }
});

test('a folder that somebody made anew so that all can write in it is not written in', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const listing = await client.announce(anInstance('a'));
  await rm(world.folder, { recursive: true });
  await mkdir(world.folder);
  await chmod(world.folder, 0o777);
  await world.pass(1_100);
  assert.equal(listing.state.value, 'lost');
  assert.deepEqual(await readdir(world.folder), []);
  await chmod(world.folder, 0o700);
  await world.pass(1_000);
  assert.equal(listing.state.value, 'listed');
});

test('a file that was spoilt from outside is put right with the next beat', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const listing = await client.announce(anInstance('a'));
  const text = await readFile(world.pathOf('a'), 'utf8');
  for (const spoilt of ['', '{"na', text.replace('3001', '9999')]) {
    await writeFile(world.pathOf('a'), spoilt);
    await world.pass(1_100);
    assert.equal(await readFile(world.pathOf('a'), 'utf8'), text);
    assert.equal(listing.state.value, 'listed');
  }
});

test('the place of a process that is gone is taken at once', async () => {
  await using world = await StillFolder.make();
  await using client = world.open({ pid: 2 });
  await world.leave(anInstance('a', { port: 9999 }), { machine: 'here', pid: 1 });
  world.living.delete(1);
  await client.announce(anInstance('a'));
  assert.equal((await read(world.pathOf('a'))).port, 3001);
});

test('the place of a living process is not taken, unless it has been silent for too long', async () => {
  await using world = await StillFolder.make();
  await using client = world.open({ pid: 2 });
  world.living.add(1);
  await world.leave(anInstance('a', { port: 9999 }), { machine: 'here', pid: 1 });
  await refusedFor('registry', client.announce(anInstance('a')));
  await world.pass(3_600); // it was stopped, and others have taken it off their lists
  await client.announce(anInstance('a'));
  assert.equal((await read(world.pathOf('a'))).port, 3001);
});

test('of a process on another machine a beat is waited for: with one its place is kept', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const path = await world.leave(anInstance('a', { port: 9999 }), { machine: 'elsewhere' });
  const refused = refusedFor('registry', client.announce(anInstance('a')));
  await world.pass(500);
  await world.beat(path);
  await world.pass(600);
  await refused;
  assert.equal((await read(path)).port, 9999);
  assert.equal(world.clock.pending, 0);
});

test('of a process on another machine a beat is waited for: without one its place is taken', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const path = await world.leave(anInstance('a', { port: 9999 }), { machine: 'elsewhere' });
  const announced = client.announce(anInstance('a'));
  await world.pass(4_100);
  assert.equal((await announced).state.value, 'listed');
  assert.equal((await read(path)).port, 3001);
});

test('a calendar that was put back keeps nobody from the place of one that is gone', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const path = await world.leave(anInstance('a', { port: 9999 }), { machine: 'elsewhere' });
  const later = world.clock.epoch() / 1_000 + 3_600; // as it was an hour on the calendar from now
  await utimes(path, later, later);
  const joined = client.announce(anInstance('a'));
  await world.pass(6_000);
  assert.equal((await joined).state.value, 'listed');
});

test('a static record holds its place, and a file that is no record holds none', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  await world.leave(anInstance('a'), undefined, { serviceType: 'STATIC' });
  await world.pass(60_000, 500);
  await refusedFor('registry', client.announce(anInstance('a')));
  await world.write('b', 'half a rec');
  await client.announce(anInstance('b'));
  assert.equal((await read(world.pathOf('b'))).id, 'b');
});

test('who was stopped and finds another in its place stands back, and comes again when the other has left', async () => {
  await using world = await StillFolder.make();
  await using stopped = world.open({ pid: 1 });
  await using other = world.open({ pid: 2 });
  const first = await stopped.announce(anInstance('a', { port: 3001 }));
  await rm(world.pathOf('a')); // as if it had been silent, and swept away
  const second = await other.announce(anInstance('a', { port: 3002 }));
  await world.pass(1_100);
  assert.deepEqual([first.state.value, second.state.value], ['conflict', 'listed']);
  assert.equal((await read(world.pathOf('a'))).port, 3002);
  await first.update({ weight: 5 }); // kept for later, and nobody else's business
  assert.equal((await read(world.pathOf('a'))).port, 3002);
  await second.close();
  await world.pass(1_100);
  assert.equal(first.state.value, 'listed');
  const { port, metadata } = await read(world.pathOf('a'));
  assert.deepEqual([port, metadata.weight], [3001, '5']);
});

test('who stands back takes nothing along when it leaves', async () => {
  await using world = await StillFolder.make();
  const stopped = world.open({ pid: 1 });
  await using other = world.open({ pid: 2 });
  await stopped.announce(anInstance('a', { port: 3001 }));
  await rm(world.pathOf('a'));
  await other.announce(anInstance('a', { port: 3002 }));
  await stopped.close();
  assert.equal((await read(world.pathOf('a'))).port, 3002);
});

test('of many that come for one place at the same moment one gets it', async () => {
  await using world = await StillFolder.make();
  world.living.add(99);
  await world.leave(anInstance('a'), { machine: 'here', pid: 99 });
  const clients = Array.from({ length: 12 }, () => world.open());
  world.living.delete(99);
  const asked = clients.map((client, at) => client.announce(anInstance('a', { port: 4_000 + at })));
  const settling = Promise.allSettled(asked);
  await world.pass(200, 5);
  const outcomes = await settling;
  const [winner, ...others] = outcomes.filter(({ status }) => status === 'fulfilled');
  assert.deepEqual(others, []);
  assert.ok(winner?.status === 'fulfilled');
  assert.equal((await read(world.pathOf('a'))).port, winner.value.instance.port);
  await world.pass(2_100);
  assert.equal(winner.value.state.value, 'listed');
  await Promise.all(clients.map((client) => client.close()));
  assert.deepEqual(await readdir(join(world.folder, 'orders')), []);
});

test('closing while joining leaves the list, whichever was first', async () => {
  await using world = await StillFolder.make();
  const client = world.open();
  const path = await world.leave(anInstance('a', { port: 9999 }), { machine: 'elsewhere' });
  const refused = refusedFor('registry', client.announce(anInstance('a'))); // waits for a beat
  const listed = client.announce(anInstance('b'));
  await world.pass(200);
  await client.close();
  await refused;
  assert.equal((await listed).state.value, 'left');
  assert.deepEqual(await readdir(join(world.folder, 'orders')), ['a.json']);
  assert.equal((await read(path)).port, 9999);
  assert.equal(world.clock.pending, 0);
});

test('an id that fits no file name is refused with what the system says', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  await assert.rejects(client.announce(anInstance(`a${':'.repeat(120)}`)), /can not be listed: ENAMETOOLONG/);
});

test('a lock whose keeper died while it held it is done away with', async () => {
  await using world = await StillFolder.make();
  await using client = world.open({ pid: 2 });
  await world.leave(anInstance('a', { port: 9999 }), { machine: 'here', pid: 1 });
  const lock = join(world.folder, 'orders', '.a.json.lock');
  await writeFile(lock, '');
  await world.beat(lock);
  const refused = refusedFor('registry', client.announce(anInstance('a')));
  await world.pass(400, 5);
  assert.equal((await read(world.pathOf('a'))).port, 9999);
  await refused; // somebody is at it, and has been all the time
  await world.pass(5_100);
  await client.announce(anInstance('b')); // others are not concerned
  const again = client.announce(anInstance('a'));
  await world.pass(100, 5);
  assert.equal((await again).state.value, 'listed');
  assert.deepEqual(await readdir(join(world.folder, 'orders')), ['a.json', 'b.json']);
});
