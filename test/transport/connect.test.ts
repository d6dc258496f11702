import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Identity } from '../../src/core/identity.ts';
import { testEnv } from '../../src/testing/env.ts';
import { Connector } from '../../src/transport/connect.ts';
import type { buildConnector } from '../../src/transport/undici.ts';

class FakeSocket extends EventEmitter {
  failed: unknown;
  destroy(error: unknown): this {
    this.failed = error;
    return this;
  }
}

/** A connector whose handshakes end when told, and what came of what it was asked for. */
function aConnector(protocol = 'https:', client: unknown = { options: () => ({}) }) {
  const env = { ...testEnv(), identity: client && ({ client } as Identity) };
  const impossible = { now: false };
  const begun: { socket: FakeSocket; end: (error?: Error) => void }[] = [];
  const build = (() => (_: unknown, callback: buildConnector.Callback) => {
    if (impossible.now) throw new Error('impossible');
    const socket = new FakeSocket();
    begun.push({ socket, end: (error) => (error ? callback(error, null) : callback(null, socket as never)) });
    return socket;
  }) as unknown as typeof buildConnector;
  const connector = new Connector(env as never, 1_000, build);
  const came: unknown[] = [];
  const ask = (many: number) => {
    for (let one = 0; one < many; one++) {
      connector.connect({ protocol } as never, (error, socket) => void came.push(error?.message ?? socket));
    }
  };
  return { env, connector, impossible, begun, came, ask };
}

test('four handshakes that prove both sides go on at once; the others have their turn, whatever came of those', () => {
  const { connector, begun, came, ask } = aConnector();
  ask(8);
  assert.deepEqual([begun.length, connector.size], [4, 8]);
  begun[3]!.end();
  begun[0]!.end(new Error('no'));
  assert.deepEqual([begun.length, connector.size], [6, 6]);
  assert.deepEqual(came, [begun[3]!.socket, 'no']);
  for (const { end } of begun.slice(4)) end();
  assert.deepEqual([begun.length, connector.size], [8, 4]);
});

test('other connections do not wait for one another', () => {
  for (const { begun, ask } of [aConnector('http:'), aConnector('https:', null)]) {
    ask(40);
    assert.equal(begun.length, 40);
  }
});

test('the time to connect counts from the beginning of the handshake', async () => {
  const { env, begun, ask } = aConnector();
  ask(5);
  await env.clock.advance(900);
  begun[0]!.end();
  await env.clock.advance(100);
  assert.ok(begun[1]!.socket.failed);
  assert.equal(begun[4]!.socket.failed, undefined);
  await env.clock.advance(900);
  assert.ok(begun[4]!.socket.failed);
});

test('what is given up is given up, and what waits as well', () => {
  const { connector, begun, came, ask } = aConnector();
  ask(6);
  connector.abandon(new Error('closed'));
  assert.deepEqual(came, ['closed', 'closed']);
  assert.ok(begun.every(({ socket }) => socket.failed instanceof Error));
});

test('one that can not even begin has failed: its time does not go on, and those that wait have their turn', async () => {
  const { env, connector, impossible, begun, came, ask } = aConnector();
  ask(7);
  impossible.now = true;
  begun[0]!.end();
  assert.deepEqual(came, ['impossible', 'impossible', 'impossible', begun[0]!.socket]);
  assert.equal(connector.size, 3);
  for (const { end } of begun.slice(1)) end();
  await env.clock.advance(1_000);
  assert.equal(env.clock.scheduled, 0);
});
