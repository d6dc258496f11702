import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Registry } from '../../../src/discovery/registry.ts';
import { create, getAcl } from '../../../src/zookeeper/operations.ts';
import type { ZookeeperOptions } from '../../../src/zookeeper/options.ts';
import { zookeeperRegistry } from '../../../src/zookeeper/registry.ts';
import { anInstance } from '../../support/resolutions.ts';
import { until } from '../../support/until.ts';
import { startTlsZooKeeper, startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import { openSession, realEnv } from './helpers.ts';

let server: ZooKeeperServer;
before(async () => {
  server = await startZooKeeper();
});
after(() => server.stop());

const open = (address: string, options: ZookeeperOptions = {}): Registry =>
  zookeeperRegistry(`zookeeper://${address}`, { sessionTimeout: '2s', spread: '0ms', ...options }, realEnv());

const of = (service: string, id = 'a') => anInstance(id, { service });

const refused = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'it was not',
    (error: Error) => error.message,
  );

test('who may touch our nodes: anybody, only we, or anybody who reads', async () => {
  const digest = `us:${createHash('sha1').update('us:secret').digest('base64')}`;
  const ours = { permissions: 31, scheme: 'digest', id: digest };
  for (const [acl, expected] of [
    ['open', [{ permissions: 31, scheme: 'world', id: 'anyone' }]],
    ['creator', [ours]],
    ['read-only-world', [ours, { permissions: 1, scheme: 'world', id: 'anyone' }]],
  ] as const) {
    await using mesh = open(`us:secret@${server.address}`, { acl, root: `/acl-${acl}` });
    await mesh.announce(of('orders'));
    const reader = openSession(`us:secret@${server.address}`);
    await reader.ready(20_000);
    assert.deepEqual(await reader.ask(getAcl(`/acl-${acl}/orders/a`)), expected);
    await reader.close();
  }
});

test('every way not to be allowed is one clear error, without the password', async () => {
  const owner = openSession(`us:secret@${server.address}`);
  await owner.ready(20_000);
  await owner.ask(create('/locked', Buffer.alloc(0), [{ permissions: 31, scheme: 'auth', id: '' }], 'persistent'));
  await owner.close();
  await using stranger = open(`them:hunter2@${server.address}`, { root: '/locked' });
  const said = await refused(stranger.announce(of('orders')));
  assert.match(said, /^orders: 'a' can not be listed: create \/locked\/orders: NO_AUTH/);
  assert.ok(!said.includes('hunter2') && !stranger.name.includes('hunter2'));
  await using lost = open('127.0.0.1:1,[::1]:2', { connectTimeout: '400ms' });
  await until(lost.session!, (state) => 'problem' in state && /127.0.0.1:1: ECONNREFUSED/.test(state.problem ?? ''));
  assert.match(
    await refused(lost.announce(of('orders'))),
    /can not be listed: zookeeper:\/\/127.0.0.1:1,\[::1\]:2 could not be reached within 400 ms: .*127.0.0.1:1: ECONNREFUSED/,
  );
  assert.match(await refused(lost.services()), /could not be reached within 400 ms/);
  await using homeless = open(`${server.address}/nowhere`);
  assert.equal(
    await refused(homeless.announce(of('orders'))),
    `orders: 'a' can not be listed: /nowhere is not there; make it first, or leave it out of zookeeper://${server.address}/nowhere (UNAVAILABLE: registry)`,
  );
  await until(homeless.resolve('orders'), ({ is }) => is === 'unknown');
  await using nobody = open(`${server.address}?acl=creator`);
  assert.match(await refused(nobody.announce(of('orders', 'b'))), /INVALID_ACL/); // creator of what, without a name?
});

test('a registry speaks TLS, and is known to the server by its certificate', async () => {
  await using secure = await startTlsZooKeeper();
  const { ca, cert, key } = secure.certificates;
  const query = new URLSearchParams({ tls: 'true', ca, cert, key, acl: 'creator' });
  await using mesh = open(`${secure.address}?${query}`);
  await mesh.announce(of('orders'));
  assert.deepEqual(await mesh.services(), ['orders']);
  await using plain = open(secure.address, { connectTimeout: '1s' });
  assert.match(await refused(plain.announce(of('orders', 'b'))), /could not be reached within 1000 ms/);
});
