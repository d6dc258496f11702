import { recordOf } from '../../../src/discovery/record.ts';
import type { Instance, Registry } from '../../../src/discovery/registry.ts';
import { encodeRecord, type PayloadForm } from '../../../src/wire/record.ts';
import { orAbsent, type ZookeeperError } from '../../../src/zookeeper/errors.ts';
import { create, exists, remove, setData } from '../../../src/zookeeper/operations.ts';
import type { ZookeeperOptions } from '../../../src/zookeeper/options.ts';
import { zookeeperRegistry } from '../../../src/zookeeper/registry.ts';
import type { Session } from '../../../src/zookeeper/session.ts';
import type { RegistryWorld } from '../../laws/world.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import { openSession, realEnv } from './helpers.ts';

const ACL = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const EMPTY = Buffer.alloc(0);

/** Short, since the laws wait for what a session timeout decides. */
export const QUICK: ZookeeperOptions = { sessionTimeout: '2s', connectTimeout: '10s', hold: '100ms', spread: '50ms' };

/** A registry in a real server, with hands to do to it what the world does. */
export async function zookeeperWorld(options: ZookeeperOptions = QUICK): Promise<RegistryWorld> {
  return worldOf(await startZooKeeper(), (server) => server.address, options);
}

/** The same, where clients reach the server by way of `addressOf`. */
export async function worldOf(
  server: ZooKeeperServer,
  addressOf: (server: ZooKeeperServer) => string,
  options: ZookeeperOptions = QUICK,
): Promise<RegistryWorld> {
  const hand = openSession(server.address, { timeoutMs: 20_000 });
  await hand.ready(20_000);
  const clients = new Set<Registry>();
  return {
    open: async () => {
      const client = zookeeperRegistry(`zookeeper://${addressOf(server)}`, options, realEnv(clients.size));
      clients.add(client);
      return client;
    },
    list: (instance) => put(hand, pathOf(instance.service, instance.id), recordBytes(instance)),
    unlist: (service, id) => hand.ask(remove(pathOf(service, id))),
    corrupt: (service, id) => put(hand, pathOf(service, id), Buffer.from('{"name":')),
    away: () => server.kill(),
    back: async () => {
      await server.start();
      await hand.ready(20_000);
    },
    leftovers: () => leftOf(server, hand),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...clients].map((client) => client.close()));
      await hand.close();
      await server.stop();
    },
  };
}

/** Sessions, connections and ephemeral nodes; the server takes a moment to see that a connection has ended. */
async function leftOf(server: ZooKeeperServer, hand: Session): Promise<readonly string[]> {
  const own = `0x${BigInt.asUintN(64, hand.id).toString(16)}`;
  for (let look = 0; ; look++) {
    const text = `${await server.ask('cons')}\n${await server.ask('dump')}`;
    const sessions = [...text.matchAll(/(?:sid=|^\s*)(0x[0-9a-f]+)/gm)].map(([, id]) => id!);
    const ephemerals = [...text.matchAll(/^\s+(\/services\/.*)$/gm)].map(([, path]) => path!);
    const left = [...sessions.filter((id) => id !== own && id !== '0x0'), ...ephemerals];
    if (left.length === 0 || look === 100) return left;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const pathOf = (service: string, id: string): string => `/services/${service}/${id}`;

/** What we would write for an instance. */
export const recordBytes = (instance: Instance, form?: PayloadForm): Buffer =>
  Buffer.from(encodeRecord(recordOf(instance, 0), form));

/** Writes a node that stays, with what is above it; again, where the server has just taken away a parent that was empty. */
export async function put(hand: Session, path: string, data: Buffer): Promise<void> {
  const parts = path.split('/').slice(1, -1);
  for (const at of parts.keys()) {
    const parent = `/${parts.slice(0, at + 1).join('/')}`;
    await hand.ask(create(parent, EMPTY, ACL, 'persistent')).catch(() => {});
  }
  const there = (await orAbsent(hand.ask(exists(path)))) !== undefined;
  const written = hand.ask(there ? setData(path, data) : create(path, data, ACL, 'persistent'));
  await written.catch((error: ZookeeperError) => {
    if (error.code !== 'NO_NODE') throw error;
    return put(hand, path, data);
  });
}
