import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { settled, VirtualClock } from '../../src/testing/virtual-clock.ts';
import { type LookedUp, type Lookup, Lookups } from '../../src/zookeeper/lookups.ts';
import { openLink } from '../../src/zookeeper/socket-link.ts';

/** A resolver that answers when the test says so. */
function aResolver() {
  const asked: { host: string; done: LookedUp }[] = [];
  const ask: Lookup = (host, _, done) => void asked.push({ host, done });
  const clock = new VirtualClock();
  return { asked, clock, lookups: new Lookups(clock, ask) };
}

const open = (lookup: Lookup, host: string, handshakeMs = 5, port = 1) =>
  openLink({
    ...{ server: { host, port }, clock: systemClock, chroot: '', timeoutMs: 600, handshakeMs, lookup },
    ...{ key: undefined, zxid: 0n, digest: undefined, tls: undefined, onEvent: () => {}, onEnd: () => {} },
  });

test('a resolver that hangs is asked once for each host, however often we try to connect', async () => {
  const { asked, lookups } = aResolver();
  for (let attempt = 0; attempt < 20; attempt++) {
    for (const host of ['zk1.test', 'zk2.test']) {
      await assert.rejects(open(lookups.lookup, host), { code: 'TIMEOUT', message: 'no answer within 5 ms' });
    }
  }
  assert.deepEqual(
    asked.map(({ host }) => host),
    ['zk1.test', 'zk2.test'],
  );
  const error = Object.assign(new Error('for the test'), { code: 'ENOTFOUND' });
  const joins: Lookup = (...question) => {
    lookups.lookup(...question);
    asked[0]!.done(error, []);
  };
  await assert.rejects(open(joins, 'zk1.test', 10_000), { message: 'ENOTFOUND' });
  await assert.rejects(open(lookups.lookup, 'zk1.test'), { code: 'TIMEOUT' });
  assert.equal(asked.length, 3, 'once it has answered, it is asked again');
});

for (const kept of [false, true]) {
  test(`who is found by name is connected to, also by an answer that was ${kept ? 'kept' : 'just given'}`, async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { asked, lookups, clock } = aResolver();
    const lookup: Lookup = (host, options, done) => {
      lookups.lookup(host, options, done);
      asked.at(-1)?.done(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    if (kept) {
      await assert.rejects(open(lookups.lookup, 'zk.test', 5, port), { code: 'TIMEOUT' });
      await clock.advance(5_000);
      asked[0]!.done(null, [{ address: '127.0.0.1', family: 4 }]);
    }
    const connected = once(server, 'connection');
    await assert.rejects(open(kept ? lookups.lookup : lookup, 'zk.test', 10_000, port), { code: 'REFUSED' });
    await connected;
    assert.equal(asked.length, 1);
    await new Promise((resolve) => server.close(resolve));
  });
}

test('an answer that took long is kept for as long, so that a try of two seconds can come by one that takes five', async () => {
  const { asked, lookups, clock } = aResolver();
  const found: string[] = [];
  const find = () =>
    lookups.lookup('zk', { all: true }, (error, address) => found.push(error?.code ?? String(address)));
  find(); // whoever asked has long given up
  await clock.advance(5_000);
  asked[0]!.done(null, '10.0.0.1', 4);
  await clock.advance(4_999);
  find();
  assert.equal(found.length, 1, 'not before lookup has come back, as its callers take for granted');
  await settled();
  assert.deepEqual([asked.length, found], [1, ['10.0.0.1', '10.0.0.1']]);
  await clock.advance(1);
  find();
  assert.equal(asked.length, 2, 'another may have its name by now');
  asked[1]!.done(Object.assign(new Error('for the test'), { code: 'EAI_AGAIN' }), '');
  find();
  assert.equal(asked.length, 3, 'a failure is no answer');
  await clock.advance(7);
  asked[2]!.done(null, '10.0.0.2', 4);
  assert.deepEqual(found.slice(2), ['EAI_AGAIN', '10.0.0.2']);
});

test('who asks for something else of the same host is not given an answer to another question', () => {
  const { asked, lookups } = aResolver();
  const found: unknown[] = [];
  lookups.lookup('h', { all: true }, (_, addresses) => found.push(addresses));
  lookups.lookup('h', { all: true }, (_, addresses) => found.push(addresses));
  lookups.lookup('h', { family: 6 }, (_, address) => found.push(address));
  assert.equal(asked.length, 2);
  asked[1]!.done(null, '::1', 6);
  asked[0]!.done(null, [{ address: '127.0.0.1', family: 4 }]);
  const all = [{ address: '127.0.0.1', family: 4 }];
  assert.deepEqual(found, ['::1', all, all]);
});
