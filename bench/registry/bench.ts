import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/core/clock.ts';
import type { Env } from '../../src/core/env.ts';
import { Events } from '../../src/core/events.ts';
import { seeded } from '../../src/core/random.ts';
import { Timeouts } from '../../src/core/timeouts.ts';
import { recordOf } from '../../src/discovery/record.ts';
import type { Registry, Resolving } from '../../src/discovery/registry.ts';
import { encodeRecord } from '../../src/wire/record.ts';
import { parseAddress } from '../../src/zookeeper/address.ts';
import { create, setData } from '../../src/zookeeper/operations.ts';
import { zookeeperRegistry } from '../../src/zookeeper/registry.ts';
import { Session } from '../../src/zookeeper/session.ts';
import { FaultProxy } from '../../test/support/fault-proxy.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../test/support/zookeeper.ts';
import type { Bench } from '../kit/bench.ts';

const ACL = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const AWAY_MS = 8_000;

/** What a change costs those who watch a large service, and what a restart of the server costs a fleet. */
export const bench: Bench = async (effort) => {
  const change = await changeCost(effort.quick ? 500 : 5_000, effort.quick ? 5 : 20);
  const herd = await herdCost(effort.quick ? 40 : 400, effort.quick ? 100 : 1_000);
  return {
    bench: 'registry',
    about:
      'A real ZooKeeper on loopback; all watchers in one process, each with a session of its own. One change: the weight ' +
      `of one instance. Reconnect: the server is killed, and started again after ${AWAY_MS / 1_000} s.`,
    tables: [
      {
        title: 'one change, for each watcher',
        columns: ['bytes', 'of it the record', 'cpu ms'],
        rows: [[`${change.instances} instances`, change.bytes, change.record, change.cpuMs]],
      },
      {
        title: 'reconnect',
        columns: ['connects/s each, while away', 'ms until all are fresh', 'bytes each'],
        rows: [[`${herd.watchers} watchers of ${herd.instances}`, herd.connectsPerSecond, herd.freshMs, herd.bytes]],
      },
    ],
    targets: [
      { what: 'one change, beside its record', figure: change.bytes - change.record, limit: 500, unit: ' bytes' },
      { what: 'one change', figure: change.cpuMs, limit: 1, unit: ' ms of cpu' },
      { what: 'connects while away', figure: herd.connectsPerSecond, limit: 2, unit: '/s' },
      { what: 'all fresh after a restart', figure: herd.freshMs, limit: 5_000, unit: ' ms' },
    ],
  };
};

async function changeCost(instances: number, watchers: number) {
  await using server = await startZooKeeper();
  await using wire = await FaultProxy.to(server);
  const hand = await fill(server, instances);
  const fleet = await watch(wire, watchers, instances);
  const rounds = 40;
  const [bytes, cpu] = [wire.down, process.cpuUsage()];
  for (let weight = 2; weight < rounds + 2; weight++) {
    await hand.ask(setData('/services/orders/i7', record('i7', weight)));
    while (!fleet.every(({ orders }) => weightOf(orders, 'i7') === weight)) await pause(1);
  }
  const { user, system } = process.cpuUsage(cpu);
  const each = rounds * watchers;
  const found = {
    ...{ instances, record: record('i7', 10).length },
    ...{ bytes: (wire.down - bytes) / each, cpuMs: (user + system) / 1_000 / each },
  };
  await Promise.all([hand.close(), ...fleet.map(({ registry }) => registry.close())]);
  return found;
}

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
  await Promise.all([hand.close(), ...fleet.map(({ registry }) => registry.close())]);
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
async function watch(wire: FaultProxy, watchers: number, instances: number) {
  const fleet: { readonly registry: Registry; readonly orders: Resolving }[] = [];
  for (let at = 0; at < watchers; at++) {
    const registry = zookeeperRegistry(`zookeeper://${wire.address}`, { sessionTimeout: '10s' }, env(at));
    const orders = registry.resolve('orders');
    while (orders.value.is !== 'bound' || orders.value.endpoints.length < instances) await pause(1);
    fleet.push({ registry, orders });
  }
  return fleet;
}

const record = (id: string, weight: number): Buffer => {
  const where = { service: 'orders', host: '10.0.0.5', port: 8_080, secure: false, zone: '', metadata: {} };
  return Buffer.from(encodeRecord(recordOf({ ...where, id, weight }, 1_700_000_000_000)));
};

const weightOf = ({ value }: Resolving, id: string): number =>
  'endpoints' in value ? (value.endpoints.find((one) => one.id === id)?.weight ?? 0) : 0;

const env = (seed: number): Env => ({
  ...{ clock: systemClock, random: seeded(seed, 1), events: new Events(), timeouts: new Timeouts(systemClock) },
});
