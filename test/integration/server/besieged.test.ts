import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { start } from '../../support/processes.ts';

const MB = 1_000_000;

interface State {
  readonly connections: number;
  readonly heapUsed: number;
  readonly serving: number;
  readonly calledOff: number;
  readonly codes: readonly string[];
}

/** A server in a process of its own. It waits for headers for a minute, which no test does, unless told. */
async function aServer(t: TestContext, headersTimeout = 60_000) {
  const program = start(t, 'besieged', { headersTimeout });
  const { port } = await program.said<{ port: number }>('port');
  const state = async (): Promise<State> => {
    program.tell({});
    return (await program.said<{ state: State }>('state')).state;
  };
  const quiet = async (): Promise<State> => {
    for (;;) {
      const now = await state();
      if (now.connections === 0 && now.serving === 0) return now;
    }
  };
  const open = async (count: number, said = ''): Promise<Socket[]> => {
    const sockets: Socket[] = [];
    for (let begun = 0; begun < count; begun += 500) {
      const some = Array.from({ length: Math.min(500, count - begun) }, () => connect(port, '127.0.0.1'));
      for (const socket of some) socket.on('error', () => {});
      await Promise.all(some.map((socket) => once(socket, 'connect')));
      if (said !== '') for (const socket of some) socket.write(said);
      sockets.push(...some);
    }
    return sockets;
  };
  const asked = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await asked(), [200, 'sold']);
  return { state, quiet, open, asked };
}

const flat = (before: State, after: State): void =>
  assert.ok(after.heapUsed - before.heapUsed < 2 * MB, `${(after.heapUsed - before.heapUsed) / MB} MB more`);

test('10,000 connections that say nothing hold nobody up, and leave nothing behind', async (t) => {
  const { state, quiet, open, asked } = await aServer(t);
  const wave = async (): Promise<State> => {
    const sockets = await open(10_000);
    while ((await state()).connections < 10_000); // connected is not yet accepted
    assert.deepEqual(await asked(), [200, 'sold']);
    for (const socket of sockets) socket.destroy();
    return quiet();
  };
  const first = await wave(); // Node keeps some of what it made for these
  await wave();
  flat(first, await wave()); // less than 100 bytes for each of the 20,000 that came since
});

test('who sends headers drop by drop is cut off in time, and others are served meanwhile', async (t) => {
  const { quiet, open, asked } = await aServer(t, 4_000); // longer than a machine stands still, or others would be cut off too
  const before = await quiet();
  const sockets = await open(500, 'GET / HTTP/1.1\r\nhost: shop\r\nx-slow: ');
  const ends = sockets.map((socket) => text(socket));
  assert.deepEqual(await asked(), [200, 'sold']);
  for (const end of await Promise.all(ends)) assert.match(end, /^$|^HTTP\/1\.1 408 Request Timeout\r\n/);
  flat(before, await quiet());
});

test('headers of 64 KiB are refused by their size', async (t) => {
  const { quiet, open, asked } = await aServer(t);
  const before = await quiet();
  const sockets = await open(200, `GET / HTTP/1.1\r\nhost: shop\r\nbaggage: ${'x'.repeat(65_536)}\r\n\r\n`);
  const answers = await Promise.all(sockets.map((socket) => text(socket).catch(() => 'reset')));
  // Cut off in the middle of its talk, a client may never come to read the answer.
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 431 |^reset$|^$/);
  assert.deepEqual(await asked(), [200, 'sold']);
  flat(before, await quiet());
});

test('of uploads that are broken off each handler hears, and nothing is left of them', async (t) => {
  const { state, quiet, open, asked } = await aServer(t);
  const before = await quiet();
  const sockets = await open(500, 'POST / HTTP/1.1\r\nhost: shop\r\ncontent-length: 1000000\r\n\r\nhalf');
  while ((await state()).serving < 500);
  for (const socket of sockets) socket.destroy();
  const after = await quiet();
  assert.deepEqual([after.calledOff, after.codes], [500, ['CANCELLED']]);
  assert.deepEqual(await asked(), [200, 'sold']);
  flat(before, after);
});
