import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Instance } from '../../../src/discovery/registry.ts';
import { getData, remove, setData } from '../../../src/zookeeper/operations.ts';
import type { ZookeeperOptions } from '../../../src/zookeeper/options.ts';
import { zookeeperRegistry } from '../../../src/zookeeper/registry.ts';
import type { Session } from '../../../src/zookeeper/session.ts';
import { CuratorClasses } from '../../support/curator/peer.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { anInstance, everyValue, has, idsOf, isBoundTo } from '../../support/resolutions.ts';
import { until } from '../../support/until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import { eventually, openSession, realEnv } from './helpers.ts';
import { put, recordBytes } from './world.ts';

let server: ZooKeeperServer;
let classes: CuratorClasses;
let hand: Session;
before(async () => {
  [server, classes] = await Promise.all([startZooKeeper(), CuratorClasses.compile()]);
  hand = openSession(server.address);
  await hand.ready(20_000);
});
after(async () => {
  await hand.close();
  await Promise.all([server.stop(), classes[Symbol.asyncDispose]()]);
});

const open = (options: ZookeeperOptions = {}, address = server.address) =>
  zookeeperRegistry(
    `zookeeper://${address}`,
    { sessionTimeout: '10s', hold: '50ms', spread: '100ms', ...options },
    realEnv(),
  );

const of = (service: string, id: string, more: Partial<Instance> = {}) => anInstance(id, { service, ...more });

for (const form of ['spring', 'dubbo', 'plain'] as const) {
  test(`Java sees us and we see Java, with payloads for ${form}: listed, cached, picked, changed and gone`, async () => {
    const service = `both-${form}`;
    await using java = await classes.start(server.address, form);
    await using mesh = open({ payload: form });
    const here = mesh.resolve(service);
    assert.equal(await java.tell(`watch ${service}`), '[]');

    const listing = await mesh.announce(of(service, 'node', { zone: 'z1', metadata: { version: '2' } }));
    const shown = (weight = '') => `node@10.0.0.5:3001{instance_status=UP, zone=z1, ${weight}version=2}`;
    await java.hears(`${service} [${shown()}]`);
    assert.equal(await java.tell(`list ${service}`), `[${shown()}]`);
    assert.equal(await java.tell(`pick ${service}`), 'http://10.0.0.5:3001');
    await listing.update({ weight: 7 });
    await java.hears(`${service} [${shown('weight=7, ')}]`);

    await java.tell(`register ${service} java 10.0.0.9 8080 zone=z2 weight=3 instance_status=UP`);
    const { endpoints } = await until(here, isBoundTo('java', 'node'));
    const { url, weight, zone, metadata } = endpoints[0]!;
    assert.deepEqual([url, weight, zone, { ...metadata }], ['http://10.0.0.9:8080', 3, 'z2', {}]);
    await java.tell('meta java instance_status OUT_OF_SERVICE');
    await until(
      here,
      has('java', (endpoint) => endpoint.weight === 0),
    );
    await java.tell('unregister java');
    await until(here, isBoundTo('node'));
    await listing.close();
    await java.hears(`${service} []`);
  });
}

test('what we write is, byte for byte, what Curator writes for the same instance, but for the time', async () => {
  for (const form of ['spring', 'dubbo', 'plain'] as const) {
    await using java = await classes.start(server.address, form);
    await using mesh = open({ payload: form });
    const service = `bytes-${form}`;
    await mesh.announce(of(service, 'ours', { host: 'host', zone: 'z1', weight: 2, metadata: { 'a.b': 'ü"\\' } }));
    await java.tell(`register ${service} java host 3001 instance_status=UP zone=z1 weight=2 a.b=ü"\\`);
    const text = async (id: string) => (await hand.ask(getData(`/services/${service}/${id}`))).data.toString();
    const without = (record: string) =>
      record.replace(/"registrationTimeUTC":\d+/, '"registrationTimeUTC":0').replaceAll('"java"', '"ours"');
    assert.equal(without(await text('ours')), without(await text('java')));
  }
});

test('nine odd records beside a good one, eight of them poison, cost nothing but themselves', async () => {
  const record = JSON.parse(recordBytes(of('poison', 'x')).toString());
  const poison: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    'not-json': Buffer.from('{"name":'),
    list: Buffer.from('[]'),
    binary: Buffer.from([0xff, 0xfe, 0x00, 0x80]),
    'no-port': Buffer.from(JSON.stringify({ ...record, port: null, sslPort: null })),
    'bad-host': Buffer.from(JSON.stringify({ ...record, address: 'evil.example/#@10.0.0.1' })),
    huge: Buffer.from(JSON.stringify({ ...record, payload: { metadata: { x: 'x'.repeat(70_000) } } })),
    deep: Buffer.from(`${'['.repeat(50_000)}${']'.repeat(50_000)}`).subarray(0, 60_000),
    class: Buffer.from(JSON.stringify({ ...record, payload: { '@class': 'com.evil.Gadget', metadata: { a: 'b' } } })),
  };
  for (const [name, data] of Object.entries(poison)) await put(hand, `/services/poison/${name}`, data);
  await put(hand, '/services/poison/good', recordBytes(of('poison', 'good')));
  const env = realEnv();
  await using mesh = zookeeperRegistry(`zookeeper://${server.address}`, {}, env);
  const resolving = mesh.resolve('poison');
  await until(resolving, isBoundTo('class', 'good')); // a class is text, and text does no harm
  assert.equal(resolving.unreadable?.count, 8);
  const told = env.told.flatMap((event) => (event.type === 'record' ? [event.id] : []));
  assert.deepEqual(
    told.sort(),
    Object.keys(poison)
      .filter((name) => name !== 'class')
      .sort(),
  );
  await hand.ask(remove('/services/poison/empty', -1));
  await hand.ask(setData('/services/poison/list', recordBytes(of('poison', 'list'))));
  await until(resolving, isBoundTo('class', 'good', 'list'));
  await eventually(
    () => resolving.unreadable?.count,
    (count) => count === 6,
  );
});

test('a cut of 1.6 seconds within the session is no event to a Java watcher', async (t) => {
  await using proxy = await FaultProxy.to(server);
  await using java = await classes.start(server.address);
  await using mesh = open({}, proxy.address);
  await mesh.announce(of('cut', 'a'));
  assert.match(await java.tell('watch cut'), /^\[a@/);
  const before = await hand.ask(getData('/services/cut/a'));
  proxy.set({ refuse: true });
  proxy.cut();
  await pause(1_600); // the length of the cut is what this is about
  proxy.heal();
  await proxy.nextConnection();
  await mesh.announce(of('cut', 'b')); // what Java hears of this came after all there was to hear of the cut
  while (!java.heard.at(-1)?.includes(' b@')) await pause(5);
  const { stat } = await hand.ask(getData('/services/cut/a'));
  assert.deepEqual([stat.czxid, stat.mzxid], [before.stat.czxid, before.stat.mzxid]);
  assert.equal(java.heard.length, 1, String(java.heard));
  t.diagnostic(`events at a Curator watcher: ${java.heard.length - 1}`);
});

test('a Java service that reconnects is not missed, though Curator removes and makes its node anew', async () => {
  await using proxy = await FaultProxy.to(server);
  await using java = await classes.start(proxy.address);
  await java.tell('register flap a 10.0.0.9 8080');
  await using mesh = open({ hold: '1m' }); // for longer than Java may stand still in between
  const here = mesh.resolve('flap');
  await until(here, isBoundTo('a'));
  const heard = everyValue(here);
  const { czxid } = (await hand.ask(getData('/services/flap/a'))).stat;
  proxy.cut();
  let again = czxid;
  while (again === czxid) {
    again = await hand.ask(getData('/services/flap/a')).then(
      ({ stat }) => stat.czxid,
      () => czxid,
    );
  }
  await java.tell('register flap b 10.0.0.9 8081');
  await until(here, isBoundTo('a', 'b'));
  for (const value of heard) assert.ok(idsOf(value).includes('a'), JSON.stringify(value));
});

test('a Java service that dies goes when its session does', async () => {
  const java = await classes.start(server.address);
  await java.tell('register dies a 10.0.0.9 8080');
  await using mesh = open();
  const here = mesh.resolve('dies');
  await until(here, isBoundTo('a'));
  java.kill();
  await until(here, (value) => value.is !== 'pending' && idsOf(value).length === 0, 30_000);
});
