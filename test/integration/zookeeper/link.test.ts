import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { systemClock } from '../../../src/core/clock.ts';
import type { Link, LinkOptions } from '../../../src/zookeeper/link.ts';
import {
  addWatch,
  create,
  exists,
  getAcl,
  getChildren,
  getData,
  multi,
  remove,
  removeWatches,
  setData,
  sync,
  type WatchEvent,
} from '../../../src/zookeeper/operations.ts';
import { openLink } from '../../../src/zookeeper/socket-link.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { startTlsZooKeeper, startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';

let server: ZooKeeperServer;
before(async () => {
  server = await startZooKeeper({ reapMs: 300 });
});
after(() => server.stop());

const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const text = (value: string) => Buffer.from(value);

const open = (more: Partial<LinkOptions> = {}): Promise<Link> =>
  openLink({
    server,
    clock: systemClock,
    chroot: '',
    timeoutMs: 20_000,
    handshakeMs: 20_000,
    key: undefined,
    zxid: 0n,
    digest: undefined,
    tls: undefined,
    onEvent: () => {},
    onEnd: () => {},
    ...more,
  });

/** A link, and a way to wait for what it tells. */
async function watched(more: Partial<LinkOptions> = {}) {
  const events: WatchEvent[] = [];
  let [heard, ended] = [() => {}, (_why: string) => {}];
  const end = new Promise<string>((resolve) => {
    ended = resolve;
  });
  const link = await open({
    ...more,
    onEvent: (event) => {
      events.push(event);
      heard();
    },
    onEnd: (error) => ended(`${error.code}: ${error.message}`),
  });
  const seen = async (count: number) => {
    while (events.length < count) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    return events.map(({ is, path }) => `${is} ${path}`);
  };
  return { link, seen, end };
}

test('nodes are made, read, changed, listed and removed, below a chroot', async () => {
  const root = await open();
  await root.ask(create('/room', text(''), OPEN, 'persistent'));
  const link = await open({ chroot: '/room' });
  await link.ask(create('/a', text('one'), OPEN, 'persistent'));
  await link.ask(create('/a/e', text('two'), OPEN, 'ephemeral'));
  assert.equal((await link.ask(getData('/a'))).data.toString(), 'one');
  const changed = await link.ask(setData('/a', text('three'), 0));
  assert.deepEqual([changed.version, changed.numChildren, changed.ephemeralOwner], [1, 1, 0n]);
  assert.equal((await link.ask(exists('/a/e'))).ephemeralOwner, link.key.id);
  assert.deepEqual((await root.ask(getChildren('/room/a'))).children, ['e']);
  await assert.rejects(link.ask(setData('/a', text('x'), 0)), { code: 'BAD_VERSION' });
  await assert.rejects(link.ask(exists('/b')), { code: 'NO_NODE', message: 'exists /b: NO_NODE' });
  await assert.rejects(link.ask(create('/a', text(''), OPEN, 'persistent')), { code: 'NODE_EXISTS' });
  await assert.rejects(link.ask(remove('/a')), { code: 'NOT_EMPTY' });
  await link.close(1_000);
  await assert.rejects(root.ask(exists('/room/a/e')), { code: 'NO_NODE' }); // the session took it along
  await root.close(1_000);
});

test('what the client library can not say is said: sync, containers, nodes with a time to live', async () => {
  const { link, seen } = await watched();
  assert.ok((await link.ask(sync('/'))) > 0n);
  await link.ask(addWatch('/', true));
  await link.ask(create('/box', text(''), OPEN, 'container'));
  await link.ask(create('/box/e', text(''), OPEN, 'ephemeral'));
  await link.ask(remove('/box/e'));
  assert.equal((await seen(4))[3], 'deleted /box'); // the server removes an empty container
  await link.ask(create('/brief', text(''), OPEN, { ttlMs: 50 }));
  assert.equal((await seen(6))[5], 'deleted /brief');
  await link.close(1_000);
});

test('a recursive watch outlives what it watches, and can be taken away', async () => {
  const { link, seen } = await watched();
  await link.ask(addWatch('/later', true)); // there is no such node yet
  await link.ask(create('/later', text(''), OPEN, 'persistent'));
  await link.ask(create('/later/a', text(''), OPEN, 'persistent'));
  await link.ask(setData('/later/a', text('1')));
  await link.ask(remove('/later/a'));
  await link.ask(remove('/later'));
  await link.ask(create('/later', text(''), OPEN, 'persistent'));
  assert.deepEqual(await seen(6), [
    'created /later',
    'created /later/a',
    'changed /later/a',
    'deleted /later/a',
    'deleted /later',
    'created /later',
  ]);
  await link.ask(removeWatches('/later'));
  await assert.rejects(link.ask(removeWatches('/later')), { code: 'NO_WATCHER' }); // unknown to the client (H18)
  await link.close(1_000);
});

test('one-shot watches tell of children and data', async () => {
  const { link, seen } = await watched();
  await link.ask(create('/once', text(''), OPEN, 'persistent'));
  await link.ask(getChildren('/once', true));
  await link.ask(getData('/once', true));
  await assert.rejects(link.ask(exists('/once/x', true)), { code: 'NO_NODE' });
  await link.ask(create('/once/x', text(''), OPEN, 'persistent'));
  await link.ask(setData('/once', text('1')));
  assert.deepEqual((await seen(3)).sort(), ['changed /once', 'children /once', 'created /once/x']);
  await link.close(1_000);
});

test('all steps or none, with versions that mean what they say (H29)', async () => {
  const link = await open();
  await link.ask(create('/m', text('old'), OPEN, 'persistent'));
  await link.ask(setData('/m', text('new')));
  const steps = (version: number) =>
    multi([
      { is: 'check', path: '/m', version },
      { is: 'delete', path: '/m', version },
      { is: 'create', path: '/m', data: text('mine'), acl: OPEN, kind: 'ephemeral' },
    ]);
  assert.deepEqual(await link.ask(steps(0)), [-103, -2, -2]); // 0 is 0, not any
  assert.equal((await link.ask(getData('/m'))).data.toString(), 'new');
  assert.deepEqual(await link.ask(steps(1)), [0, 0, 0]);
  assert.equal((await link.ask(exists('/m'))).ephemeralOwner, link.key.id);
  await link.close(1_000);
});

test('digest credentials are given before anything else is asked (H16)', async () => {
  const link = await open({ digest: 'us:secret' });
  const creator = [{ permissions: 31, scheme: 'auth', id: '' }];
  await link.ask(create('/mine', text('x'), creator, 'persistent'));
  const hash = createHash('sha1').update('us:secret').digest('base64');
  assert.deepEqual(await link.ask(getAcl('/mine')), [{ permissions: 31, scheme: 'digest', id: `us:${hash}` }]);
  const stranger = await open();
  await assert.rejects(stranger.ask(getData('/mine')), { code: 'NO_AUTH' });
  const again = await open({ digest: 'us:secret' });
  assert.equal((await again.ask(getData('/mine'))).data.toString(), 'x');
  await Promise.all([link, stranger, again].map((one) => one.close(1_000)));
});

test('a session goes on over another connection, and one that is gone is told so', async () => {
  const first = await watched();
  await first.link.ask(create('/goes-on', text(''), OPEN, 'ephemeral'));
  const { key, zxid } = first.link;
  first.link.destroy('for the test');
  assert.equal(await first.end, 'CONNECTION_LOSS: for the test');
  await assert.rejects(first.link.ask(exists('/')), { code: 'CONNECTION_LOSS' });
  const second = await open({ key, zxid });
  assert.equal(second.key.id, key.id);
  assert.equal((await second.ask(exists('/goes-on'))).ephemeralOwner, key.id);
  await second.close(1_000);
  await assert.rejects(open({ key, zxid }), { code: 'EXPIRED' });
});

test('data that is refused with an unknown error is a plain rejection (H18)', async () => {
  await using strict = await startZooKeeper({
    properties: { 'zookeeper.enforce.auth.enabled': 'true', 'zookeeper.enforce.auth.schemes': 'digest' },
  });
  await assert.rejects(open({ server: strict }), { code: 'AUTHENTICATION_REQUIRED' });
});

test('TLS with a certificate of our own, known to the server by its name', async () => {
  await using secure = await startTlsZooKeeper();
  const { ca, cert, key } = secure.certificates;
  const read = (files: { ca?: string; cert?: string; key?: string }) =>
    createSecureContext(Object.fromEntries(Object.entries(files).map(([part, path]) => [part, readFileSync(path)])));
  const link = await open({ server: secure, tls: read({ ca, cert, key }) });
  await link.ask(create('/x', text(''), [{ permissions: 31, scheme: 'auth', id: '' }], 'persistent'));
  const acl = await link.ask(getAcl('/x'));
  assert.ok(
    acl.some(({ scheme, id }) => scheme === 'x509' && id === 'CN=client'),
    JSON.stringify(acl),
  );
  await link.close(1_000);
  await assert.rejects(open({ server: secure, tls: read({ ca }) })); // the server asks for a certificate
  await assert.rejects(open({ server: secure, tls: read({ cert, key }) }), { message: /SELF_SIGNED|UNABLE_TO/ });
});

test('a server that goes silent is left after two thirds of the session timeout, and every question is answered (H3, H4)', async () => {
  await using proxy = await FaultProxy.to(server);
  const { link, end } = await watched({ server: { host: '127.0.0.1', port: proxy.port }, timeoutMs: 900 });
  proxy.set({ holeDown: true });
  const asked = link.ask(exists('/'));
  await assert.rejects(asked, { code: 'CONNECTION_LOSS' });
  assert.match(await end, /silent|overdue/);
});

test('a link that only listens stays, for longer than the session would without our own pings (H13)', async () => {
  const other = await open();
  for (let stays = false; !stays; ) {
    const { link } = await watched({ timeoutMs: 1_200 });
    await link.ask(create('/idle', text(''), OPEN, 'ephemeral'));
    await link.ask(addWatch('/idle', false));
    const started = systemClock.now();
    let [last, longest] = [started, 0];
    try {
      while (last - started < 3_000) {
        await other.ask(setData('/idle', text(''))); // rejects once it is gone
        const now = systemClock.now();
        longest = Math.max(longest, now - last);
        last = now;
      }
      stays = true;
    } catch (error) {
      if (longest + systemClock.now() - last < 300) throw error; // else the machine stood still, and nobody could ping
    }
    await link.close(1_000);
  }
  await other.close(1_000);
});

test('the session timeout is the one that was agreed on, whatever was asked for (H35)', async () => {
  for (const [asked, agreed] of [
    [1, 400],
    [5_000, 5_000],
    [10_000_000, 120_000],
  ] as const) {
    const link = await openInTime({ timeoutMs: asked });
    assert.equal(link.timeoutMs, agreed);
    await link.close(1_000);
  }
});

/** A session may be so short that a busy machine does not get as far as its first answer. */
async function openInTime(more: Partial<LinkOptions>): Promise<Link> {
  for (;;) {
    const link = await open(more).catch(({ code }) => assert.equal(code, 'CONNECTION_LOSS'));
    if (link !== undefined) return link;
  }
}

test('five hundred links, one after the other, leave nothing behind (H33)', async () => {
  const first = await open();
  const { key, zxid } = first;
  first.destroy('for the test');
  const handles = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind)).length;
  const before = handles();
  for (let round = 0; round < 500; round++) {
    const link = await open({ key, zxid });
    await link.ask(exists('/'));
    link.destroy('for the test');
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(handles() <= before + 1, `${before} handles, then ${handles()}`);
});

test('a server that takes the connection and says nothing is given up (H5)', async () => {
  await using proxy = await FaultProxy.to(server);
  proxy.set({ hang: true });
  const opening = open({ server: { host: '127.0.0.1', port: proxy.port }, handshakeMs: 200 });
  await assert.rejects(opening, { code: 'TIMEOUT', message: 'no answer within 200 ms' });
  proxy.set({ refuse: true });
  await assert.rejects(open({ server: { host: '127.0.0.1', port: proxy.port } }), /hung up|ECONNRESET/);
});

test('a connection cut in the middle of a message leaves nothing behind (H8)', async () => {
  const link = await open();
  await link.ask(create('/big', Buffer.alloc(200_000), OPEN, 'persistent'));
  await using proxy = await FaultProxy.to(server);
  proxy.set({ truncateAfter: 100_000 });
  const cut = await watched({ server: { host: '127.0.0.1', port: proxy.port } });
  await assert.rejects(cut.link.ask(getData('/big')), { code: 'CONNECTION_LOSS' });
  proxy.heal();
  const next = await open({ server: { host: '127.0.0.1', port: proxy.port }, key: cut.link.key, zxid: cut.link.zxid });
  assert.equal((await next.ask(getData('/big'))).data.length, 200_000);
  await Promise.all([link.close(1_000), next.close(1_000)]);
});
