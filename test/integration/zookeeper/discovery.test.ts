import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Instance, Registry } from '../../../src/discovery/registry.ts';
import { create, exists, multi, remove, setData } from '../../../src/zookeeper/operations.ts';
import type { ZookeeperOptions } from '../../../src/zookeeper/options.ts';
import { zookeeperRegistry } from '../../../src/zookeeper/registry.ts';
import type { Session } from '../../../src/zookeeper/session.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { anInstance, everyValue, has, idsOf, isBound, isBoundTo, isStale } from '../../support/resolutions.ts';
import { until } from '../../support/until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import { eventually, openSession, realEnv } from './helpers.ts';
import { put, recordBytes } from './world.ts';

let server: ZooKeeperServer;
let hand: Session;
before(async () => {
  server = await startZooKeeper({ reapMs: 100 });
  hand = openSession(server.address, { timeoutMs: 20_000 });
  await hand.ready(20_000);
});
after(async () => {
  await hand.close();
  await server.stop();
});

const ACL = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const PONG = 20; // bytes of an answer to a ping

const open = (address = server.address, options: ZookeeperOptions = {}, env = realEnv()): Registry =>
  zookeeperRegistry(
    `zookeeper://${address}`,
    { sessionTimeout: '20s', hold: '50ms', spread: '100ms', ...options },
    env,
  );

const of = (service: string, id: string, more: Partial<Instance> = {}) => anInstance(id, { service, ...more });
const list = (instance: Instance) => put(hand, `/services/${instance.service}/${instance.id}`, recordBytes(instance));

test('one change among five thousand costs a watcher a few hundred bytes, and so does a reconnect', async (t) => {
  await list(of('large', 'i0'));
  const more = Array.from({ length: 4_999 }, (_, at) => of('large', `i${at + 1}`, { port: 10_000 + at }));
  const data = recordBytes(of('large', 'x'));
  await Promise.all(more.map(({ id }) => hand.ask(create(`/services/large/${id}`, data, ACL, 'persistent'))));
  await using wire = await FaultProxy.to(server);
  await using mesh = open(wire.address, { sessionTimeout: '2m' }); // so that one ping at most is answered meanwhile
  const seen = mesh.resolve('large');
  await until(seen, isBoundTo(5_000), 60_000);
  const cost = async (what: string, change: () => Promise<unknown>, most: number) => {
    await mesh.services(); // what was under way has arrived
    const [before, cpu] = [wire.down, process.cpuUsage()];
    await change();
    const bytes = wire.down - before;
    const { user, system } = process.cpuUsage(cpu);
    t.diagnostic(`${what}: ${bytes} bytes to the watcher, ${Math.round((user + system) / 1_000)} ms of CPU for all`);
    assert.ok(bytes <= most, `${what}: ${bytes} bytes`);
    return bytes;
  };
  const comes = await cost(
    'one comes',
    async () => void (await Promise.all([until(seen, isBoundTo(5_001)), list(of('large', 'new'))])),
    800,
  );
  for (const [weight, form] of [[8, 'plain'] as const, [9, 'spring'] as const]) {
    const record = recordBytes(of('large', 'new', { weight }), form);
    const seesIt = has('new', (endpoint) => endpoint.weight === weight);
    const change = () => Promise.all([until(seen, seesIt), hand.ask(setData('/services/large/new', record))]);
    const most = record.length + 150 + PONG;
    await cost(`one changes, payload '${form}', ${record.length} bytes of it its record`, change, most);
  }
  const gone = () => hand.ask(remove('/services/large/new'));
  const goes = await cost(
    'one goes',
    async () => void (await Promise.all([until(seen, isBoundTo(5_000)), gone()])),
    300,
  );
  t.diagnostic(`one is replaced by another: ${(comes + goes) / 2} bytes for each of the two changes`);
  assert.ok((comes + goes) / 2 <= 500);
  const reconnect = async () => {
    const again = wire.nextConnection();
    wire.cut();
    await again;
    await until(seen, isBound);
  };
  await cost('nothing happened while away', reconnect, 800);
  await cost(
    'something happened elsewhere while away',
    async () => {
      wire.set({ refuse: true });
      wire.cut();
      await until(seen, isStale);
      await list(of('elsewhere', 'a'));
      wire.heal();
      await until(seen, isBound);
    },
    800,
  );
});

test('what changed in place while we were away is seen, though nobody came or went', async () => {
  await list(of('inplace', 'a'));
  await list(of('inplace', 'b'));
  await using wire = await FaultProxy.to(server);
  await using mesh = open(wire.address);
  const seen = mesh.resolve('inplace');
  await until(seen, isBoundTo('a', 'b'));
  wire.set({ refuse: true });
  wire.cut();
  await until(seen, isStale);
  await list(of('inplace', 'b', { weight: 0 }));
  wire.heal();
  await until(
    seen,
    has('b', ({ weight }) => weight === 0),
  );
});

test('who came, went, and was replaced while we were away is known at once after', async () => {
  for (const id of ['stays', 'goes', 'moves']) await list(of('gap', id));
  await using wire = await FaultProxy.to(server);
  await using mesh = open(wire.address);
  const seen = mesh.resolve('gap');
  await until(seen, isBoundTo(3));
  wire.set({ refuse: true });
  wire.cut();
  await until(seen, isStale);
  await hand.ask(remove('/services/gap/goes'));
  await hand.ask(remove('/services/gap/moves'));
  await list(of('gap', 'moves', { port: 9_999 }));
  await list(of('gap', 'comes'));
  wire.heal();
  await until(seen, isBoundTo('comes', 'moves', 'stays'));
  await until(
    seen,
    has('moves', ({ address }) => address.endsWith(':9999')),
  );
});

test('a service that is not there yet is seen when it comes, and again after its parent was reaped', async () => {
  await using mesh = open();
  const seen = mesh.resolve('reaped');
  await until(seen, ({ is }) => is === 'unknown');
  for (let round = 0; round < 2; round++) {
    await using other = open();
    await other.announce(of('reaped', `a${round}`));
    await until(seen, isBoundTo(`a${round}`));
    await other.close();
    await until(seen, ({ is }) => is === 'unknown');
    await eventually(
      () => hand.ask(exists('/services/reaped')).catch((error) => error.code),
      (found) => found === 'NO_NODE',
    );
  }
});

test('all instances cut off from ZooKeeper at once stay on the list', async (t) => {
  const parties = await Promise.all(
    Array.from({ length: 10 }, async (_, at) => {
      const wire = await FaultProxy.to(server);
      const mesh = open(wire.address, { sessionTimeout: '500ms' });
      const listing = await mesh.announce(of('mass', `i${at}`, { port: 4_000 + at }));
      return { wire, mesh, listing };
    }),
  );
  t.after(() => Promise.all(parties.flatMap(({ mesh, wire }) => [mesh.close(), wire.close()])));
  // Their sessions end one after the other, so a hold that is long enough to see that it is all of them.
  await using watcher = open(server.address, { hold: '10s' });
  const seen = watcher.resolve('mass');
  await until(seen, isBoundTo(10));
  const values = everyValue(seen);
  for (const { wire } of parties) wire.set({ holeUp: true, holeDown: true });
  for (const { listing } of parties) await until(listing.state, (state) => state === 'lost');
  const children = async () => (await hand.ask(exists('/services/mass')).catch(() => ({ numChildren: 0 }))).numChildren;
  await eventually(children, (count) => count === 0); // the tree forgets them all
  await list(of('mass', 'j')); // what is told now came after
  await until(seen, isBoundTo(11));
  for (const { wire } of parties) wire.heal();
  for (const { listing } of parties) await until(listing.state, (state) => state === 'listed');
  await list(of('mass', 'k'));
  await until(seen, isBoundTo(12));
  for (const value of values) assert.ok(idsOf(value).length >= 10, JSON.stringify(value));
});

test('who is found dead by its callers does not wait for the end of a mass loss', async () => {
  for (const id of ['a', 'b', 'c']) await list(of('dead', id, { host: `10.0.0.${id.charCodeAt(0)}` }));
  const env = realEnv();
  await using mesh = open(server.address, {}, env);
  const seen = mesh.resolve('dead');
  await until(seen, isBoundTo('a', 'b', 'c'));
  // In one step: where the server stood still between two, the first would go alone.
  await hand.ask(multi(['a', 'b'].map((id) => ({ is: 'delete', path: `/services/dead/${id}`, version: -1 }))));
  await list(of('dead', 'd'));
  await until(seen, isBoundTo('a', 'b', 'c', 'd'));
  const ejected = (endpoint: string) =>
    env.events.emit({
      ...{
        type: 'ejected',
        at: 0,
        service: 'dead',
        endpoint,
        failures: 5,
        forMs: 1_000,
        why: 'failures',
        enforced: true,
      },
      ...{ why: 'failures', enforced: true },
    });
  ejected('10.0.0.97:3001');
  await until(seen, isBoundTo('c', 'd')); // a was dead, and b alone is no mass any more
  ejected('10.0.0.99:3001'); // c is where the tree says, dead or not
  assert.deepEqual(idsOf(seen.value), ['c', 'd']);
});

test('a wiped ensemble takes nobody off the list, and is told again who there is', async () => {
  const own = await startZooKeeper();
  const later = { sessionTimeout: '2s' }; // they come back long after the watcher has seen the new tree
  const tellers = [open(own.address, later), open(own.address, later)];
  const listings = await Promise.all(tellers.map((mesh, at) => mesh.announce(of('orders', `i${at}`))));
  const single = await tellers[0]!.announce(of('single', 'only'));
  const watcher = open(own.address, { sessionTimeout: '500ms' });
  const [seen, lonely] = [watcher.resolve('orders'), watcher.resolve('single')];
  await until(seen, isBoundTo('i0', 'i1'));
  await until(lonely, isBoundTo('only'));
  const [values, lonelyValues] = [everyValue(seen), everyValue(lonely)];
  await own.kill();
  await until(seen, isStale);
  // One may be listed again before another is lost, and all may be lost before there is a server again.
  const lost = Promise.all([...listings, single].map(({ state }) => until(state, (now) => now === 'lost', 60_000)));
  await own.start({ wipe: true });
  await lost;
  for (const { state } of [...listings, single]) await until(state, (now) => now === 'listed');
  await until(seen, isBoundTo('i0', 'i1'));
  await until(lonely, isBoundTo('only'));
  for (const value of lonelyValues) assert.deepEqual(idsOf(value), ['only'], 'one is no mass, but this is no loss');
  for (const value of values) assert.deepEqual(idsOf(value), ['i0', 'i1']);
  await Promise.all([...tellers, watcher].map((mesh) => mesh.close()));
  await own.stop();
});

test('a list that stands while the registry is away says why, and stands alone again when that is back', async () => {
  await using wire = await FaultProxy.to(server);
  await list(of('stale', 'a'));
  await using mesh = open(wire.address);
  const seen = mesh.resolve('stale');
  await until(seen, isBoundTo('a'));
  wire.cut();
  const { error } = await until(seen, isStale);
  assert.match(String(error), /the server closed the connection|ECONNRESET/);
  await until(seen, isBound);
});

test('a record changed by hand to nonsense and back costs itself, is told once, and is found again', async () => {
  await list(of('nonsense', 'a'));
  await list(of('nonsense', 'b'));
  const env = realEnv();
  await using mesh = open(server.address, {}, env);
  const seen = mesh.resolve('nonsense');
  await until(seen, isBoundTo('a', 'b'));
  for (let round = 0; round < 3; round++) await hand.ask(setData('/services/nonsense/a', Buffer.from('{')));
  await until(seen, isBoundTo('b'));
  await list(of('nonsense', 'a'));
  await until(seen, isBoundTo('a', 'b'));
  const told = env.told.flatMap((event) => (event.type === 'record' ? [`${event.id}: ${event.problem}`] : []));
  assert.deepEqual(told, ['a: it is not JSON']);
});

test('a listener that throws harms nobody but itself (H20)', async () => {
  await list(of('throws', 'a'));
  await using mesh = open();
  const seen = mesh.resolve('throws');
  await until(seen, isBoundTo('a'));
  seen.watch((value) => {
    if (idsOf(value).length !== 1) throw new Error('for the test');
  });
  await list(of('throws', 'b'));
  await until(seen, isBoundTo('a', 'b'));
  await list(of('throws', 'c'));
  await until(seen, isBoundTo('a', 'b', 'c'));
});
