import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { testEnv } from '../../../src/testing/env.ts';
import { standStill } from '../../support/stand-still.ts';
import { threadOf } from '../../support/thread.ts';
import { AN_HOUR_MS, aShop, connected, GET, LOCAL } from './closing.ts';

const inThread = threadOf(new URL('./waiting-clients.ts', import.meta.url));
const LONGEST_MS = 60_000;

test('who has connected by the time a server stops is taken in and answered, however many wait to be', async (t) => {
  const shop = await aShop(t);
  const server = createServer(shop.handler(() => new Response('sold')));
  const { instance } = await shop.serve(server, LOCAL);
  await inThread('begin');
  const allConnected = new Int32Array(new SharedArrayBuffer(4));
  const answers = inThread<string[]>('ask', instance.port, 40, allConnected);
  // Nothing of ours is done meanwhile: the kernel has made all connections then, and Node has seen none.
  assert.notEqual(Atomics.wait(allConnected, 0, 0, LONGEST_MS), 'timed-out');
  standStill();
  const closed = shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS });
  for (const answer of await answers)
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close\r\n[\s\S]*sold/i);
  await closed;
  const late = connect(instance.port, '127.0.0.1');
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
});

test('what has come in the time that a connection had to ask is answered, though nobody has read it yet', async (t) => {
  const env = testEnv();
  const shop = await aShop(t, { env });
  const server = createServer(shop.handler(() => new Response('sold')));
  await shop.serve(server, LOCAL);
  const socket = await connected(t, server);
  const closed = shop.close({ drainMs: 10, timeoutMs: AN_HOUR_MS });
  await env.clock.advance(10);
  while (server.listening) await new Promise(setImmediate);
  setImmediate(() => {
    socket.write(GET); // in the very turn in which the time is up, as where a process was busy
    standStill();
  });
  await env.clock.advance(500);
  assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n[\s\S]*sold/);
  await closed;
});
