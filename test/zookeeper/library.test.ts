import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Codec } from '../../src/zookeeper/codec.ts';
import { loadLibrary, RECORDS } from '../../src/zookeeper/library.ts';
import { addWatch, create, exists, getData, multi, type WatchEvent } from '../../src/zookeeper/operations.ts';

// These fail when the client library changes in a way that the codec would not survive.

test('the client library is the one that was studied', async () => {
  const manifest = new URL('../../node_modules/node-zookeeper-client/package.json', import.meta.url);
  assert.equal(JSON.parse(await readFile(manifest, 'utf8')).version, '1.1.3');
});

test('the client has the internals that we use, and none of them is a socket before we give it one', async () => {
  const { createClient, jute } = await loadLibrary();
  const { connectionManager: manager } = createClient('localhost', { sessionTimeout: 1_000, retries: 0 });
  for (const name of ['setState', 'onSocketConnected', 'onSocketData', 'queue', 'connect'] as const) {
    assert.equal(typeof manager[name], 'function', name);
  }
  assert.equal(typeof manager.watcherManager.emit, 'function');
  assert.deepEqual([manager.state, manager.xid, manager.socket], [0, 0, undefined]);
  assert.deepEqual([manager.zxid.length, manager.sessionId.length, manager.sessionPassword.length], [8, 8, 16]);
  assert.deepEqual(manager.pendingQueue, []);
  for (const name of RECORDS) assert.equal(typeof jute.protocol[name], 'function', name);
  for (const made of [jute.Request, jute.TransactionRequest, jute.data.ACL, jute.data.Id]) {
    assert.equal(typeof made, 'function');
  }
});

async function aCodec() {
  const written: string[] = [];
  const events: WatchEvent[] = [];
  const wire = {
    write: (bytes: Buffer) => void written.push(bytes.toString('hex')),
    notify: (event: WatchEvent) => void events.push(event),
  };
  const key = { id: 0x123456789abcdefn, password: Buffer.alloc(16, 7) };
  const codec = new Codec(await loadLibrary(), wire, { chroot: '/r', timeoutMs: 10_000, key, zxid: 9n });
  codec.begin();
  return { codec, written, events, key };
}

const GREETING = `0000002500000000${'00001770'}0123456789abcdef00000010${'07'.repeat(16)}00`;
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

test('the greeting offers the session, the moment and the time, and the answer is read', async () => {
  const { codec, written, key } = await aCodec();
  assert.deepEqual(written, [
    `0000002c00000000${'0000000000000009'}${'00002710'}0123456789abcdef00000010${'07'.repeat(16)}`,
  ]);
  assert.equal(codec.state, 'connecting');
  codec.take(bytes(GREETING));
  assert.deepEqual([codec.state, codec.timeoutMs, codec.key], ['connected', 6_000, key]);
});

test('a greeting without time means that the session is gone', async () => {
  const { codec } = await aCodec();
  codec.take(bytes(GREETING.replace('00001770', '00000000')));
  assert.equal(codec.state, 'expired');
});

test('requests are numbered from 1, prefixed with the chroot, and written at once', async () => {
  const { codec, written } = await aCodec();
  codec.take(bytes(GREETING));
  written.length = 0;
  codec.send(exists('/a', true).command, () => {});
  codec.send(create('/c', Buffer.from('x'), [], 'container').command, () => {});
  codec.ping();
  const path = (text: string) => `${`0000000${text.length}`}${Buffer.from(text).toString('hex')}`;
  assert.deepEqual(written, [
    `00000011 00000001 00000003 ${path('/r/a')} 01`.replaceAll(' ', ''),
    `0000001d 00000002 00000013 ${path('/r/c')} 00000001 78 00000000 00000004`.replaceAll(' ', ''),
    '00000008fffffffe0000000b',
  ]);
});

test('errors that the client does not know are told by their names, and in order (H18)', async () => {
  const { codec } = await aCodec();
  codec.take(bytes(GREETING));
  const told: unknown[] = [];
  for (const path of ['/a', '/b', '/c']) codec.send(getData(path).command, (error) => told.push(error?.code));
  codec.take(bytes('00000010 00000001 00000000000000aa ffffff83')); // -125
  codec.take(bytes('00000010 00000002 00000000000000ab ffffff9b')); // -101
  codec.take(bytes('00000010 00000003 00000000000000ab fffffe0c')); // -500
  assert.deepEqual(told, ['QUOTA_EXCEEDED', 'NO_NODE', 'ERROR_500']);
  assert.equal(codec.zxid, 0xabn);
});

test('a command that the server does not know is refused before what was asked earlier is answered', async () => {
  const { codec } = await aCodec();
  codec.take(bytes(GREETING));
  const told: unknown[] = [];
  for (const path of ['/a', '/b']) codec.send(getData(path).command, (error) => told.push(`${path} ${error?.code}`));
  codec.send(addWatch('/c', true).command, (error) => told.push(`/c ${error?.code}`));
  codec.take(bytes('00000010 00000003 0000000000000000 fffffffa')); // -6, and two are still to be answered
  codec.take(bytes('00000010 00000001 00000000000000aa ffffff9b'));
  codec.take(bytes('00000010 00000002 00000000000000aa ffffff9b'));
  assert.deepEqual(told, ['/c UNIMPLEMENTED', '/a NO_NODE', '/b NO_NODE']);
  assert.throws(() => codec.take(bytes('00000010 00000009 0000000000000000 fffffffa')), 'an answer to nothing');
});

test('an atomic operation carries versions as they are said, and its errors come back step by step (H29)', async () => {
  const { codec, written } = await aCodec();
  codec.take(bytes(GREETING));
  written.length = 0;
  const told: unknown[] = [];
  codec.send(multi([{ is: 'check', path: '/a', version: 0 }]).command, (_, { errors }) => told.push(errors));
  const header = '0000000d 00 ffffffff'.replaceAll(' ', '');
  assert.ok(written[0]!.includes(`${header}000000042f722f61${'00000000'}`), written[0]);
  const results = 'ffffffff 00 ffffff99 ffffff99 ffffffff 01 ffffffff';
  codec.take(bytes(`00000026 00000001 00000000000000aa 00000000 ${results}`));
  assert.deepEqual(told, [[-103]]);
});

test('events come without the chroot, and those from outside it are dropped', async () => {
  const { codec, events } = await aCodec();
  codec.take(bytes(GREETING));
  const event = (type: number, path: string) => {
    const body = `ffffffff ffffffffffffffff 00000000 0000000${type} 00000003 0000000${path.length}`.replaceAll(' ', '');
    const text = Buffer.from(path).toString('hex');
    const length = (body.length + text.length) / 2;
    codec.take(bytes(`${length.toString(16).padStart(8, '0')}${body}${text}`));
  };
  event(1, '/r/a');
  event(2, '/r');
  event(3, '/room/x');
  event(9, '/r/b');
  assert.deepEqual(
    events.map(({ is, path }) => `${is} ${path}`),
    ['created /a', 'deleted /', 'other /b'],
  );
});
