import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Env } from '../../../src/core/env.ts';
import type { Registry, RegistrySession } from '../../../src/discovery/registry.ts';
import { fixed } from '../../../src/testing/random.ts';
import { create, exists, getAcl } from '../../../src/zookeeper/operations.ts';
import { zookeeperRegistry } from '../../../src/zookeeper/registry.ts';
import type { Session } from '../../../src/zookeeper/session.ts';
import type { SessionState } from '../../../src/zookeeper/session-state.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { anInstance, everyValue, isBoundTo } from '../../support/resolutions.ts';
import { until } from '../../support/until.ts';
import { startTlsZooKeeper } from '../../support/zookeeper.ts';
import { issue, makeCertificates } from '../../support/zookeeper-certificates.ts';
import { eventually, openSession, realEnv } from './helpers.ts';

type Secure = Awaited<ReturnType<typeof startTlsZooKeeper>>;

let server: Secure;
before(async () => {
  server = await startTlsZooKeeper();
});
after(() => server.stop());

const AGAIN_MS = 90_000; // hands that a busy machine was too slow to shake are shaken again after a minute

/** Files of ours, as an operator would put them in a folder and replace them there. */
async function ours(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-renewal-'));
  t.after(() => rm(folder, { recursive: true }));
  const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'us.pem'), key: join(folder, 'us.key') };
  const put = async (part: 'ca' | 'cert' | 'key', from: string) => {
    await copyFile(from, join(folder, 'new'));
    await rename(join(folder, 'new'), files[part]);
  };
  const { ca, cert, key } = server.certificates;
  await Promise.all([copyFile(ca, files.ca), copyFile(cert, files.cert), copyFile(key, files.key)]);
  return { files, put, dir: dirname(ca) };
}

/** The real world, but nobody waits long for the others. */
const hurried = (): Env => ({ ...realEnv(), random: { ...fixed(0.02), bits: () => 7 } });

/** The name by which the server knows a session now. */
async function nameOf(session: Session, path: string): Promise<string> {
  await session.ask(create(path, Buffer.alloc(0), [{ permissions: 31, scheme: 'auth', id: '' }], 'ephemeral'));
  const acl = await session.ask(getAcl(path));
  return acl.find(({ scheme }) => scheme === 'x509')?.id ?? '';
}

const troubled = ({ problem }: RegistrySession): boolean => problem !== undefined;

const statesOf = (session: Session): SessionState[] => {
  const states: SessionState[] = [];
  session.state.watch((state) => states.push(state));
  return states;
};

test('with another certificate in its files a session goes over to another connection: no write, no event, nothing fails', async (t) => {
  const { files, put, dir } = await ours(t);
  await using wire = await FaultProxy.to(server);
  await using mesh: Registry = zookeeperRegistry(
    `zookeeper://${wire.address}`,
    { sessionTimeout: '20s', spread: '0ms', tls: files },
    hurried(),
  );
  const listing = await mesh.announce(anInstance('a', { service: 'orders' }));
  const here = mesh.resolve('orders');
  await until(here, isBoundTo('a'));
  const { ca, cert, key } = server.certificates;
  const hand = openSession(server.address, { tls: { ca, cert, key } });
  t.after(() => hand.close());
  await hand.ready(20_000);
  await using other = zookeeperRegistry(`zookeeper://${server.address}`, { tls: { ca, cert, key } }, realEnv());
  const there = other.resolve('orders');
  await until(there, isBoundTo('a'));
  const [seenHere, seenThere] = [everyValue(here), everyValue(there)];
  const states: RegistrySession[] = [];
  mesh.session!.watch((state) => states.push(state));
  const connects = wire.connects; // on a busy machine the first hands that were shaken may not have been in time
  const before = [await written(server), (await hand.ask(exists('/services/orders/a'))).mzxid] as const;

  const asking = new AbortController();
  const asked = (async () => {
    let answers = 0;
    for (; !asking.signal.aborted; answers++) assert.deepEqual(await mesh.services(), ['orders']);
    return answers;
  })();
  const renewed = await issue(dir, 'renewed');
  const next = wire.nextConnection();
  await put('cert', renewed.cert); // and for a moment the key is not that of the certificate
  await put('key', renewed.key);
  await next;
  const told = states.length;
  while (states.length === told || troubled(states.at(-1)!)) await mesh.services(); // else it is tried again in a minute
  await mesh.services();
  asking.abort();
  t.diagnostic(`${await asked} questions answered meanwhile`);

  assert.deepEqual(new Set(states.map(({ is }) => is)), new Set(['connected']));
  assert.equal(wire.connects - connects, states.length - told, 'one connection for each try that was told of');
  await eventually(
    () => wire.open,
    (open) => open === 1, // the old connection is gone
  );
  assert.deepEqual([await written(server), (await hand.ask(exists('/services/orders/a'))).mzxid], before);
  assert.deepEqual([seenHere.length, seenThere.length], [1, 1]);
  assert.equal(listing.state.value, 'listed');
  await other.announce(anInstance('b', { service: 'orders' })); // it still hears of what happens
  await until(here, isBoundTo('a', 'b'));
});

test('the server knows us by the new certificate from then on', async (t) => {
  const { files, put, dir } = await ours(t);
  const session = openSession(server.address, { tls: files, timeoutMs: 20_000 }, hurried());
  t.after(() => session.close());
  await session.ready(20_000);
  const { id } = session;
  assert.equal(await nameOf(session, '/known1'), 'CN=client');
  const states = statesOf(session);
  const second = await issue(dir, 'second');
  const over = new Promise((resolve) => session.onUp(resolve));
  await put('key', second.key);
  await put('cert', second.cert);
  await over;
  assert.equal(await nameOf(session, '/known2'), 'CN=second');
  assert.equal(session.id, id);
  const told = states.length;
  await writeFile(files.cert, await readFile(files.cert)); // touched, and nothing else
  await put('key', second.key);
  await pause(2_500); // two looks: that nothing comes of it takes time
  assert.equal(states.length, told, 'what says the same is the same');
});

test('files that are spoilt, and a certificate that the server does not take, are told of, and the old connection stays', async (t) => {
  const { files, put, dir } = await ours(t);
  await using wire = await FaultProxy.to(server);
  const session = openSession(wire.address, { tls: files, timeoutMs: 20_000 }, hurried());
  t.after(() => session.close());
  await session.ready(20_000);
  const { id } = session;
  const connects = wire.connects;
  const states = statesOf(session);
  const whole = await readFile(files.cert);
  await writeFile(files.cert, whole.subarray(0, whole.length / 2));
  await until(session.state, (state) => state.is === 'connected' && /tls can not be used/.test(state.problem ?? ''));
  for (const part of ['ca', 'cert'] as const) {
    const before = await readFile(files[part]);
    await writeFile(files[part], ''); // which TLS would take for having none
    await until(session.state, (state) => state.is === 'connected' && /is empty/.test(state.problem ?? ''));
    await writeFile(files[part], part === 'cert' ? whole : before);
    await until(session.state, (state) => state.is === 'connected' && !/is empty/.test(state.problem ?? ''));
  }
  await rm(files.key);
  await until(session.state, (state) => state.is === 'connected' && /ENOENT/.test(state.problem ?? ''));
  assert.equal(wire.connects, connects);
  await put('key', server.certificates.key);
  await until(session.state, (state) => state.is === 'connected' && state.problem === undefined);

  wire.set({ hang: true }); // new connections only: the one that there is works on
  const second = await issue(dir, 'early');
  await put('cert', second.cert);
  await put('key', second.key);
  await until(session.state, (state) => state.is === 'connected' && /no answer within/.test(state.problem ?? ''));
  await session.ask(exists('/'));
  wire.set({});

  const strangers = await mkdtemp(join(tmpdir(), 'inmesh-strangers-'));
  t.after(() => rm(strangers, { recursive: true }));
  const theirs = await makeCertificates(strangers);
  await put('key', theirs.key);
  await put('cert', theirs.cert);
  await until(
    session.state,
    (state) => state.is === 'connected' && /is not taken: (?!no answer)/.test(state.problem ?? ''),
    AGAIN_MS,
  );
  const refused = states.filter((state) => 'problem' in state && /is not taken/.test(state.problem ?? ''));
  const tries = wire.connects - connects;
  assert.ok(tries >= 2 && tries <= refused.length, `${tries} tries, of which ${refused.length} were told of`);
  await session.ask(exists('/'));
  assert.equal(await nameOf(session, '/still'), 'CN=client', 'over the old connection');
  const third = await issue(dir, 'third');
  await put('cert', third.cert);
  await put('key', third.key);
  await until(session.state, (state) => state.is === 'connected' && state.problem === undefined, AGAIN_MS);
  assert.equal(await nameOf(session, '/at-last'), 'CN=third');
  assert.equal(session.id, id);
  assert.deepEqual(new Set(states.map(({ is }) => is)), new Set(['connected']));
  t.diagnostic([...new Set(states.map((state) => ('problem' in state ? state.problem : 'all is well')))].join('\n'));
});

test('closing while the session goes over ends it, whichever connection it is on', async (t) => {
  for (const moment of ['as it connects', 'a little later']) {
    const { files, put, dir } = await ours(t);
    await using wire = await FaultProxy.to(server);
    const session = openSession(wire.address, { tls: files, timeoutMs: 60_000 }, hurried());
    await session.ready(20_000);
    const id = `0x${BigInt.asUintN(64, session.id).toString(16)}`;
    const next = wire.nextConnection();
    const other = await issue(dir, 'other');
    await put('cert', other.cert);
    await put('key', other.key);
    await next;
    if (moment === 'a little later') await session.ask(exists('/'));
    await session.close();
    await eventually(
      () => server.ask('dump'),
      (dump) => !dump.includes(id),
    );
    await eventually(
      () => wire.open,
      (open) => open === 0,
    );
  }
});

test('files that are not there keep it from connecting, and it connects once they are', async (t) => {
  const { files, put } = await ours(t);
  await rm(files.cert);
  const session = openSession(server.address, { tls: files, timeoutMs: 2_000 }, hurried());
  t.after(() => session.close());
  await eventually(
    () => session.problem,
    (problem) => problem !== '',
  );
  await assert.rejects(session.ready(10), { message: /the files of tls can not be used: ENOENT.*us\.pem/ });
  await put('cert', server.certificates.cert);
  await session.ready(20_000);
});

/** How many transactions the server has seen. */
const written = async (from: Secure): Promise<string> => /^Zxid: (0x[0-9a-f]+)$/m.exec(await from.ask('srvr'))![1]!;
