import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Instance, Registry } from '../../../src/discovery/registry.ts';
import { decodeRecord } from '../../../src/wire/record.ts';
import { orAbsent } from '../../../src/zookeeper/errors.ts';
import { InstanceNode } from '../../../src/zookeeper/instance-node.ts';
import {
  addWatch,
  create,
  exists,
  getChildren,
  getData,
  multi,
  type Operation,
  remove,
  type Stat,
  setData,
} from '../../../src/zookeeper/operations.ts';
import type { ZookeeperOptions } from '../../../src/zookeeper/options.ts';
import { zookeeperRegistry } from '../../../src/zookeeper/registry.ts';
import type { Session } from '../../../src/zookeeper/session.ts';
import type { Tree } from '../../../src/zookeeper/tree.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { anInstance, has, isBoundTo } from '../../support/resolutions.ts';
import { until } from '../../support/until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import { eventually, openSession, realEnv } from './helpers.ts';
import { put, recordBytes } from './world.ts';

let server: ZooKeeperServer;
let hand: Session;
before(async () => {
  server = await startZooKeeper({ reapMs: 200 });
  hand = openSession(server.address, { timeoutMs: 20_000 });
  await hand.ready(20_000);
});
after(async () => {
  await hand.close();
  await server.stop();
});

const open = (address = server.address, options: ZookeeperOptions = {}): Registry =>
  zookeeperRegistry(
    `zookeeper://${address}`,
    { sessionTimeout: '8s', hold: '50ms', spread: '100ms', ...options },
    realEnv(),
  );

const BRIEF: ZookeeperOptions = { sessionTimeout: '1500ms' }; // where what is waited for takes as long

const of = (service: string, id = 'a', more: Partial<Instance> = {}) => anInstance(id, { service, ...more });
const statOf = (path: string): Promise<Stat | undefined> => orAbsent(hand.ask(exists(path)));
const ACL = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

/** Every change that is told of at a path, in the words of the server. */
async function changesAt(path: string): Promise<string[]> {
  const heard: string[] = [];
  hand.listeners.add(path, (event) => {
    if (event.path === path) heard.push(event.is);
  });
  await hand.ask(addWatch(path, false));
  return heard;
}

test('a connection that is cut within the session costs no write at all (H2)', async () => {
  await using wire = await FaultProxy.to(server);
  await using mesh = open(wire.address);
  const listing = await mesh.announce(of('nowrite'));
  const path = '/services/nowrite/a';
  const [stat, zxid] = [await statOf(path), await lastZxid()];
  for (let round = 0; round < 5; round++) {
    const again = wire.nextConnection();
    wire.cut();
    await again;
    await mesh.services(); // answered over the new connection, after what the registration asked
  }
  assert.deepEqual(await statOf(path), stat);
  assert.equal(await lastZxid(), zxid); // nobody wrote anything anywhere
  assert.equal(listing.state.value, 'listed');
});

const lastZxid = async () => /Zxid: (\w+)/.exec(await server.ask('srvr'))![1];

test('a node that somebody deletes comes back, as it was', async (t) => {
  await using mesh = open();
  const listing = await mesh.announce(of('heals', 'a', { metadata: { version: '1' } }));
  await listing.update({ weight: 4 });
  const path = '/services/heals/a';
  const before = (await hand.ask(getData(path))).data;
  for (let round = 0; round < 3; round++) {
    const started = performance.now();
    await hand.ask(remove(path));
    await eventually(
      () => statOf(path),
      (stat) => stat !== undefined,
    );
    t.diagnostic(`back after ${Math.round(performance.now() - started)} ms`);
  }
  assert.deepEqual((await hand.ask(getData(path))).data, before);
  assert.equal(listing.state.value, 'listed');
});

test('a whole service that is deleted, parents and all, comes back', async () => {
  await using mesh = open();
  await Promise.all(['a', 'b', 'c'].map((id) => mesh.announce(of('cleared', id))));
  await hand.ask(addWatch('/services/cleared', true));
  for (const id of ['a', 'b', 'c']) await hand.ask(remove(`/services/cleared/${id}`)).catch(() => {});
  await hand.ask(remove('/services/cleared')).catch(() => {}); // the reaper or a healed child may be faster
  const children = () => orAbsent(hand.ask(getChildren('/services/cleared')));
  await eventually(children, (found) => found?.children.length === 3);
});

/** The node of an instance in a session that takes what `before` left for its own. */
function nodeAfter(before: Session, now: Session, path: string): InstanceNode {
  const session = {
    ...{ id: now.id, lacks: now.lacks, options: now.options },
    ask: <T>(operation: Operation<T>) => now.ask(operation),
    wasOurs: (id: bigint) => id === before.id,
  } as unknown as Session;
  return new InstanceNode({ session, acl: ACL } as unknown as Tree, path, Buffer.from('new'));
}

test('what an earlier session of ours left is replaced in one step: nobody sees the node missing (H12)', async () => {
  const [before, now] = [openSession(server.address), openSession(server.address)];
  await Promise.all([before.ready(20_000), now.ready(20_000)]);
  const path = '/services/takeover/a';
  await put(hand, '/services/takeover/x', Buffer.from('x'));
  await before.ask(create(path, Buffer.from('old'), ACL, 'ephemeral'));
  const events = await changesAt(path);
  assert.equal(await nodeAfter(before, now, path).look(), 'as wanted');
  await before.close(); // and with it all that was its
  const { data, stat } = await hand.ask(getData(path));
  assert.deepEqual([data.toString(), stat.ephemeralOwner], ['new', now.id]);
  assert.deepEqual(events, ['deleted', 'created']);
  await now.close();
});

test('what an earlier session of ours left, and we may not remove, is no reason to ask without a pause', async () => {
  const [before, now] = [openSession(server.address), openSession(server.address)];
  await Promise.all([before.ready(20_000), now.ready(20_000)]);
  const readAndCreate = [{ permissions: 5, scheme: 'world', id: 'anyone' }];
  await put(hand, '/services/other/x', Buffer.from('x'));
  await hand.ask(create('/services/onlycreate', Buffer.alloc(0), readAndCreate, 'persistent'));
  const path = '/services/onlycreate/a';
  await before.ask(create(path, Buffer.from('old'), ACL, 'ephemeral'));
  const looking = nodeAfter(before, now, path).look();
  await assert.rejects(looking, { code: 'NO_AUTH', message: `replace ${path}: NO_AUTH` });
  await Promise.all([before.close(), now.close()]);
});

test('a live twin is told so, and the first is untouched; when the first leaves, the second may come', async () => {
  await using first = open();
  await using second = open(server.address, BRIEF);
  const listing = await first.announce(of('twins'));
  const before = await statOf('/services/twins/a');
  await assert.rejects(second.announce(of('twins')), {
    message: /^twins: 'a' can not be listed: another live process is listed under that name/,
    reason: 'registry',
  });
  assert.deepEqual(await statOf('/services/twins/a'), before);
  assert.equal(listing.state.value, 'listed');
  await listing.close();
  await second.announce(of('twins'));
});

test('who is restarted under its name waits for what it left to go, and is listed', async () => {
  await using wire = await FaultProxy.to(server);
  const crashed = openSession(wire.address, { timeoutMs: 2_000 });
  await crashed.ready(20_000);
  await put(hand, '/services/restarts/other', recordBytes(of('restarts', 'other')));
  const left = recordBytes(of('restarts', 'a', { port: 1 }));
  await crashed.ask(create('/services/restarts/a', left, ACL, 'ephemeral'));
  wire.set({ refuse: true });
  wire.cut(); // as good as a crash
  // It goes when its session does, whatever joining may take otherwise.
  await using again = open(server.address, { sessionTimeout: '4s', connectTimeout: '300ms' });
  await again.announce(of('restarts', 'a', { port: 2 }));
  assert.equal(decodeRecord((await hand.ask(getData('/services/restarts/a'))).data).port, 2);
  await crashed.close();
});

test('who is pushed out by another does not push back, and comes again when the place is free', async () => {
  await using mesh = open(server.address, BRIEF);
  const listing = await mesh.announce(of('pushed'));
  const path = '/services/pushed/a';
  const steps = multi([
    { is: 'delete', path, version: -1 },
    { is: 'create', path, data: recordBytes(of('pushed', 'a', { port: 9 })), acl: ACL, kind: 'persistent' },
  ]);
  await hand.ask(steps);
  await until(listing.state, (state) => state === 'conflict');
  await listing.close();
  assert.equal((await statOf(path))?.ephemeralOwner, 0n); // not ours to remove
  const next = await refused(mesh.announce(of('pushed')));
  assert.match(next, /another live process/);
  const waiting = mesh.announce(of('pushed'));
  await hand.ask(remove(path));
  assert.equal((await waiting).state.value, 'listed');
});

const refused = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'it was not',
    (error: Error) => error.message,
  );

test('leaving is final: the node is gone, and stays gone over new connections (H10)', async () => {
  await using wire = await FaultProxy.to(server);
  await using mesh = open(wire.address);
  await mesh.announce(of('final', 'stays'));
  const listing = await mesh.announce(of('final'));
  const path = '/services/final/a';
  wire.set({ refuse: true });
  wire.cut();
  await listing.close(); // cannot be told now
  assert.equal(listing.state.value, 'left');
  wire.heal();
  await eventually(
    () => statOf(path),
    (stat) => stat === undefined,
  );
  const created = await changesAt(path);
  const again = wire.nextConnection();
  wire.cut();
  await again;
  await mesh.services();
  assert.deepEqual(created, []);
  const next = await mesh.announce(of('final')); // the name is free for ourselves, too
  assert.equal(next.state.value, 'listed');
});

test('who announces again while the last goodbye is still untold is listed, and stays so', async () => {
  await using wire = await FaultProxy.to(server);
  await using mesh = open(wire.address, { sessionTimeout: '10s' });
  const first = await mesh.announce(of('again', 'a', { port: 1 }));
  wire.set({ refuse: true });
  wire.cut();
  const [, second] = [first.close(), mesh.announce(of('again', 'a', { port: 2 }))];
  wire.heal();
  assert.equal((await second).state.value, 'listed');
  const path = '/services/again/a';
  await eventually(
    async () => decodeRecord((await hand.ask(getData(path))).data).port,
    (port) => port === 2,
  );
  await mesh.services();
  assert.notEqual(await statOf(path), undefined);
});

test('who leaves says so first, so that it goes at once from every list', async () => {
  await using mesh = open();
  await using watcher = open(server.address, { hold: '1h' });
  const [listing] = [await mesh.announce(of('goodbye')), await mesh.announce(of('goodbye', 'b'))];
  const seen = watcher.resolve('goodbye');
  await until(seen, isBoundTo('a', 'b'));
  const gone = until(seen, isBoundTo('b'));
  await listing.close();
  await gone;
});

test('what others changed in our record stands until we change it ourselves', async () => {
  await using mesh = open();
  const listing = await mesh.announce(of('inplace'));
  const path = '/services/inplace/a';
  const seen = mesh.resolve('inplace');
  await until(seen, isBoundTo('a'));
  const record = (await hand.ask(getData(path))).data.toString();
  await hand.ask(setData(path, Buffer.from(record.replace('"UP"', '"OUT_OF_SERVICE"'))));
  await until(
    seen,
    has('a', ({ weight }) => weight === 0),
  );
  assert.equal(listing.state.value, 'listed');
  await listing.update({ weight: 3 });
  await until(
    seen,
    has('a', ({ weight }) => weight === 3),
  );
});

test('parents are containers: when the last instance has left, nothing remains', async () => {
  await using mesh = open();
  const listing = await mesh.announce(of('container'));
  await listing.close();
  await eventually(
    () => statOf('/services/container'),
    (stat) => stat === undefined,
  );
  await mesh.announce(of('container')); // and all comes again
});

test('who is closed while joining is not listed, and is told so', async () => {
  const mesh = open();
  const joining = assert.rejects(mesh.announce(of('closed')), /can not be listed: it has been closed/);
  await mesh.close();
  await joining;
  await assert.rejects(mesh.services(), { reason: 'closed' });
  assert.equal(await statOf('/services/closed/a'), undefined);
});
