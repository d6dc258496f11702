import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/core/clock.ts';
import type { Endpoint } from '../../src/core/endpoint.ts';
import type { Env } from '../../src/core/env.ts';
import { Events } from '../../src/core/events.ts';
import { seeded } from '../../src/core/random.ts';
import { Timeouts } from '../../src/core/timeouts.ts';
import { recordOf } from '../../src/discovery/record.ts';
import type { Registry, Resolving } from '../../src/discovery/registry.ts';
import { createMesh } from '../../src/index.ts';
import { encodeRecord, type PayloadForm } from '../../src/wire/record.ts';
import { parseAddress } from '../../src/zookeeper/address.ts';
import { create, remove, setData } from '../../src/zookeeper/operations.ts';
import { zookeeperRegistry } from '../../src/zookeeper/registry.ts';
import { Session } from '../../src/zookeeper/session.ts';
import { FaultProxy } from '../../test/support/fault-proxy.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../test/support/zookeeper.ts';
import type { Bench } from '../kit/bench.ts';

const ACL = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const AWAY_MS = 8_000;
const ROUNDS = 40;

type Fleet = readonly {
  readonly registry: Registry;
  readonly orders: Resolving;
  readonly close?: () => Promise<void>;
}[];

/** What a change costs those who watch a large service, and what a restart of the server costs a fleet. */
export const bench: Bench = async (effort) => {
  const one = await changeCost(effort.quick ? 500 : 5_000, effort.quick ? 5 : 20);
  const cut = await cutCost(effort.quick ? 5 : 50);
  const herd = await herdCost(effort.quick ? 40 : 400, effort.quick ? 100 : 1_000);
  const half = ({ comes, goes }: { readonly comes: number; readonly goes: number }) => (comes + goes) / 2;
  const replaced = { bytes: half(one.bytes), cpuMs: half(one.cpuMs) };
  return {
    bench: 'registry',
    about:
      'A real ZooKeeper on loopback; all watchers in one process, each with a session of its own; for ' +
      `the cpu each is the registry of a mesh that may call all. Cut: every connection ends, and each session goes on over another. Reconnect: the server is ` +
      `killed, and started again after ${AWAY_MS / 1_000} s.`,
    tables: [
      {
        title: `one change among ${one.instances} instances, for each watcher`,
        columns: ['bytes', 'of it the record', 'cpu ms, all that its mesh does'],
        rows: [
          ['one comes', one.bytes.comes, record('i100', 1).length, one.cpuMs.comes],
          ['one goes', one.bytes.goes, 0, one.cpuMs.goes],
          ['one is replaced by another: half of both', replaced.bytes, record('i100', 1).length / 2, replaced.cpuMs],
          ["one has another weight, payload 'spring'", one.bytes.spring, record('i7', 10).length, one.cpuMs.spring],
          ["one has another weight, payload 'plain'", one.bytes.plain, record('i7', 10, 'plain').length, Number.NaN],
        ],
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
      { what: 'a change, when one is replaced', figure: replaced.bytes, limit: 500, unit: ' bytes' },
      { what: "a change of weight, payload 'spring'", figure: one.bytes.spring, limit: 500, unit: ' bytes' },
      { what: "a change of weight, payload 'plain'", figure: one.bytes.plain, limit: 500, unit: ' bytes' },
      { what: 'a change, when one is replaced', figure: replaced.cpuMs, limit: 1, unit: ' ms of cpu' },
      { what: 'a change of weight', figure: one.cpuMs.spring, limit: 1, unit: ' ms of cpu' },
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
  const far = await watch(wire, watchers, instances);
  const bytesOf = async (change: Change) => {
    const bytes = wire.down;
    await repeat(hand, far, change);
    await pause(100); // what was under way has arrived
    return (wire.down - bytes) / each;
  };
  const bytes = {
    plain: await bytesOf(reweigh('plain')),
    spring: await bytesOf(reweigh('spring')),
    goes: await bytesOf(goes),
    comes: await bytesOf(comes),
  };
  await close(far);
  const near = await meshes(server, watchers, instances); // no proxy: what the wire costs us is not to be counted
  const cpuOf = async (change: Change) => {
    const cpu = process.cpuUsage();
    await repeat(hand, near, change);
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 1_000 / each;
  };
  await cpuOf(reweigh('spring')); // what runs for the first time is slow
  const cpuMs = { spring: await cpuOf(reweigh('spring')), goes: await cpuOf(goes), comes: await cpuOf(comes) };
  await Promise.all([hand.close(), close(near)]);
  return { instances, bytes, cpuMs };
}

/** Makes a change for the so-manieth time, and gives what tells whether a list shows it. */
type Change = (hand: Session, round: number) => Promise<(list: readonly Endpoint[]) => boolean>;

const reweigh =
  (form: PayloadForm): Change =>
  async (hand, round) => {
    await hand.ask(setData('/services/orders/i7', record('i7', 10 + round, form)));
    return (list) => find(list, 'i7')?.weight === 10 + round;
  };

const goes: Change = async (hand, round) => {
  await hand.ask(remove(`/services/orders/i${100 + round}`));
  return (list) => find(list, `i${100 + round}`) === undefined;
};

const comes: Change = async (hand, round) => {
  await hand.ask(create(`/services/orders/i${100 + round}`, record(`i${100 + round}`, 1), ACL, 'persistent'));
  return (list) => find(list, `i${100 + round}`) !== undefined;
};

/** The one of that id in a list that is in order: whoever looks again and again must not count among the costs. */
function find(list: readonly Endpoint[], id: string): Endpoint | undefined {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return list[low]?.id === id ? list[low] : undefined;
}

/** Changes something again and again; each time all have seen it before the next. */
async function repeat(hand: Session, fleet: Fleet, change: Change): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const shows = await change(hand, round);
    while (!fleet.every(({ orders: { value } }) => 'endpoints' in value && shows(value.endpoints))) await pause(1);
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
    const registry = zookeeperRegistry(`zookeeper://${wire.address}`, { sessionTimeout: '10s', hold: '0ms' }, env(at));
    const orders = registry.resolve('orders');
    await knows(orders, instances);
    fleet.push({ registry, orders });
  }
  return fleet;
}

/** The same, each of them the registry of a mesh that may call any of the instances. */
async function meshes(wire: { readonly address: string }, watchers: number, instances: number): Promise<Fleet> {
  const fleet: Fleet[number][] = [];
  for (let at = 0; at < watchers; at++) {
    const registry = zookeeperRegistry(`zookeeper://${wire.address}`, { sessionTimeout: '10s', hold: '0ms' }, env(at));
    let orders: Resolving | undefined;
    const mesh = await createMesh({
      service: `web${at}`,
      registry: {
        name: registry.name,
        resolve: (service) => {
          orders = registry.resolve(service);
          return orders;
        },
        announce: (instance) => registry.announce(instance),
        services: () => registry.services(),
        close: () => registry.close(),
        [Symbol.asyncDispose]: () => registry.close(),
      },
    });
    await mesh.call('orders', async () => 'a call has endpoints looked up');
    await knows(orders!, instances);
    fleet.push({ registry, orders: orders!, close: () => mesh.close() });
  }
  return fleet;
}

const knows = async (orders: Resolving, instances: number): Promise<void> => {
  while (orders.value.is !== 'bound' || orders.value.endpoints.length < instances) await pause(1);
};

const record = (id: string, weight: number, form: PayloadForm = 'spring'): Buffer => {
  const where = { service: 'orders', host: '10.0.0.5', port: 8_080, secure: false, zone: '', metadata: {} };
  return Buffer.from(encodeRecord(recordOf({ ...where, id, weight }, 1_700_000_000_000), form));
};

const close = (fleet: Fleet) => Promise.all(fleet.map(({ registry, close }) => (close ?? (() => registry.close()))()));

const env = (seed: number): Env => ({
  ...{ clock: systemClock, random: seeded(seed, 1), events: new Events(), timeouts: new Timeouts(systemClock) },
});
