import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/core/clock.ts';
import type { Env } from '../../src/core/env.ts';
import { Events } from '../../src/core/events.ts';
import { seeded } from '../../src/core/random.ts';
import { Timeouts } from '../../src/core/timeouts.ts';
import { recordOf } from '../../src/discovery/record.ts';
import type { Registry, Resolving } from '../../src/discovery/registry.ts';
import { encodeRecord, type PayloadForm } from '../../src/wire/record.ts';
import { parseAddress } from '../../src/zookeeper/address.ts';
import { create, setData } from '../../src/zookeeper/operations.ts';
import { zookeeperRegistry } from '../../src/zookeeper/registry.ts';
import { Session } from '../../src/zookeeper/session.ts';
import { FaultProxy } from '../../test/support/fault-proxy.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../test/support/zookeeper.ts';
import type { Bench } from '../kit/bench.ts';

const ACL = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const AWAY_MS = 8_000;
const ROUNDS = 40;

type Fleet = readonly { readonly registry: Registry; readonly orders: Resolving }[];

/** What a change costs those who watch a large service, and what a restart of the server costs a fleet. */
export const bench: Bench = async (effort) => {
  const one = await changeCost(effort.quick ? 500 : 5_000, effort.quick ? 5 : 20);
  const cut = await cutCost(effort.quick ? 5 : 50);
  const herd = await herdCost(effort.quick ? 40 : 400, effort.quick ? 100 : 1_000);
  return {
    bench: 'registry',
    about:
      'A real ZooKeeper on loopback; all watchers in one process, each with a session of its own. One change: the weight ' +
      `of one instance. Cut: every connection ends, and each session goes on over another. Reconnect: the server is ` +
      `killed, and started again after ${AWAY_MS / 1_000} s.`,
    tables: [
      {
        title: 'one change, for each watcher',
        columns: ['bytes', 'of it the record'],
        rows: [
          [`${one.instances} instances, payload 'spring'`, one.spring.bytes, one.spring.record],
          [`${one.instances} instances, payload 'plain'`, one.plain.bytes, one.plain.record],
        ],
      },
      {
        title: 'one change, for each watcher and all that its process does',
        columns: ['cpu ms'],
        rows: [[`${one.instances} instances`, one.cpuMs]],
      },
      {
        title: 'cut',
        columns: ['writes at the server', 'ms until all are listed and fresh', 'bytes each'],
        rows: [[`${cut.registrants} instances that watch each other`, cut.writes, cut.freshMs, cut.bytes]],
      },
      {
        title: 'reconnect',
        columns: ['connects/s each, while away', 'ms until all are fresh', 'bytes each'],
        rows: [[`${herd.watchers} watchers of ${herd.instances}`, herd.connectsPerSecond, herd.freshMs, herd.bytes]],
      },
    ],
    targets: [
      { what: "one change, payload 'spring'", figure: one.spring.bytes, limit: 500, unit: ' bytes' },
      { what: "one change, payload 'plain'", figure: one.plain.bytes, limit: 500, unit: ' bytes' },
      {
        what: 'one change, beside its record',
        figure: one.spring.bytes - one.spring.record,
        limit: 500,
        unit: ' bytes',
      },
      { what: 'one change', figure: one.cpuMs, limit: 1, unit: ' ms of cpu' },
      { what: 'writes, when sessions go on', figure: cut.writes, limit: 0, unit: '' },
      { what: 'connects while away', figure: herd.connectsPerSecond, limit: 2, unit: '/s' },
      { what: 'all fresh after a restart', figure: herd.freshMs, limit: 5_000, unit: ' ms' },
    ],
  };
};

async function changeCost(instances: number, watchers: number) {
  await using server = await startZooKeeper();
  await using wire = await FaultProxy.to(server);
  const hand = await fill(server, instances);
  const each = ROUNDS * watchers;
  const before = await watch(wire, watchers, instances);
  const bytesOf = async (form: PayloadForm) => {
    const bytes = wire.down;
    await change(hand, before, form);
    return { bytes: (wire.down - bytes) / each, record: record('i7', 10, form).length };
  };
  const [plain, spring] = [await bytesOf('plain'), await bytesOf('spring')];
  await close(before);
  const fleet = await watch(server, watchers, instances); // straight: what the wire costs us is not to be counted
  const cpu = process.cpuUsage();
  await change(hand, fleet, 'spring');
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all([hand.close(), close(fleet)]);
  return { instances, spring, plain, cpuMs: (user + system) / 1_000 / each };
}

/** Changes one instance again and again; each time all have seen it before the next. */
async function change(hand: Session, fleet: Fleet, form: PayloadForm): Promise<void> {
  const { value } = fleet[0]!.orders;
  const place = 'endpoints' in value ? value.endpoints.findIndex(({ id }) => id === 'i7') : -1;
  const weight = ({ value }: Resolving) => ('endpoints' in value ? value.endpoints[place]!.weight : 0);
  for (let next = 2; next < ROUNDS + 2; next++) {
    await hand.ask(setData('/services/orders/i7', record('i7', next, form)));
    while (!fleet.every(({ orders }) => weight(orders) === next)) await pause(1);
  }
}

async function cutCost(registrants: number) {
  await using server = await startZooKeeper();
  await using wire = await FaultProxy.to(server);
  const fleet: Registry[] = [];
  for (let at = 0; at < registrants; at++) {
    const registry = zookeeperRegistry(`zookeeper://${wire.address}`, { sessionTimeout: '10s' }, env(at));
    const where = { service: 'orders', host: '10.0.0.5', port: 8_080, secure: false, zone: '', metadata: {} };
    await registry.announce({ ...where, id: `i${at}`, weight: 1 });
    fleet.push(registry);
  }
  const lists = fleet.map((registry) => registry.resolve('orders'));
  const fresh = ({ value }: Resolving) => value.is === 'bound' && value.endpoints.length === registrants;
  while (!lists.every(fresh)) await pause(1);
  const [before, bytes, begun] = [await written(server), wire.down, performance.now()];
  wire.cut();
  while (!lists.some(({ value }) => value.is === 'stale')) await pause(1);
  while (!lists.every(fresh)) await pause(1);
  const freshMs = performance.now() - begun;
  await Promise.all(fleet.map((registry) => registry.services())); // what was under way has arrived
  const writes = (await written(server)) - before;
  await Promise.all(fleet.map((registry) => registry.close()));
  return { registrants, writes, freshMs, bytes: (wire.down - bytes) / registrants };
}

/** How many transactions the server has seen: new sessions are among them, sessions that go on are not. */
const written = async (server: ZooKeeperServer): Promise<number> =>
  Number(BigInt(/^Zxid: (0x[0-9a-f]+)$/m.exec(await server.ask('srvr'))![1]!));

async function herdCost(watchers: number, instances: number) {
  await using server = await startZooKeeper({ tickMs: 2_000 });
  await using wire = await FaultProxy.to(server);
  const hand = await fill(server, instances);
  const fleet = await watch(wire, watchers, instances);
  await server.kill();
  while (!fleet.every(({ orders }) => orders.value.is === 'stale')) await pause(5);
  const connects = wire.connects;
  await pause(AWAY_MS);
  const connectsPerSecond = (wire.connects - connects) / watchers / (AWAY_MS / 1_000);
  const bytes = wire.down;
  await server.start();
  const started = performance.now();
  while (!fleet.every(({ orders }) => orders.value.is === 'bound')) await pause(5);
  const freshMs = performance.now() - started;
  const found = { watchers, instances, connectsPerSecond, freshMs, bytes: (wire.down - bytes) / watchers };
  await Promise.all([hand.close(), close(fleet)]);
  return found;
}

/** A service of so many instances, and the session that made them. */
async function fill(server: ZooKeeperServer, instances: number): Promise<Session> {
  const { servers, chroot, digest, name } = parseAddress(server.address);
  const hand = new Session({ servers, chroot, digest, name, tls: undefined, timeoutMs: 60_000 }, env(0));
  await hand.ready(30_000);
  for (const path of ['/services', '/services/orders']) {
    await hand.ask(create(path, Buffer.alloc(0), ACL, 'persistent'));
  }
  const all = Array.from({ length: instances }, (_, at) => `i${at}`);
  await Promise.all(all.map((id) => hand.ask(create(`/services/orders/${id}`, record(id, 1), ACL, 'persistent'))));
  return hand;
}

/** A fleet that knows all of them. */
async function watch(wire: { readonly address: string }, watchers: number, instances: number): Promise<Fleet> {
  const fleet: Fleet[number][] = [];
  for (let at = 0; at < watchers; at++) {
    const registry = zookeeperRegistry(`zookeeper://${wire.address}`, { sessionTimeout: '10s' }, env(at));
    const orders = registry.resolve('orders');
    while (orders.value.is !== 'bound' || orders.value.endpoints.length < instances) await pause(1);
    fleet.push({ registry, orders });
  }
  return fleet;
}

const record = (id: string, weight: number, form: PayloadForm = 'spring'): Buffer => {
  const where = { service: 'orders', host: '10.0.0.5', port: 8_080, secure: false, zone: '', metadata: {} };
  return Buffer.from(encodeRecord(recordOf({ ...where, id, weight }, 1_700_000_000_000), form));
};

const close = (fleet: Fleet) => Promise.all(fleet.map(({ registry }) => registry.close()));

const env = (seed: number): Env => ({
  ...{ clock: systemClock, random: seeded(seed, 1), events: new Events(), timeouts: new Timeouts(systemClock) },
});
