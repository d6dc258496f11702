import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { MeshError } from '../../../src/core/errors.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { echo, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

test('a deadline closes the socket and rejects with its reason', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const server = await serve(t, () => arrived.resolve());
  const transport = transportTo(t, { orders: [server.url] });
  const call = transport.request('http://orders/');
  await arrived.promise;
  const late = new MeshError('deadline', 'orders: 1s are up', { sent: 'maybe' });
  transport.caller.scope.cancel(late);
  await assert.rejects(call, late);
  await server.disconnected;
});

test('a call that is called off while it waits for its connection sends nothing', async (t) => {
  let requests = 0;
  const server = await serve(t, (request, response) => {
    requests++;
    echo(request, response);
  });
  const transport = transportTo(t, { orders: [server.url] });
  const why = new Error('changed my mind');
  const call = transport.request('http://orders/');
  transport.caller.scope.cancel(why);
  await assert.rejects(call, why);
  await (await transport.request('http://orders/')).body.dump();
  assert.equal(requests, 1);
});

test('a call that was off before its attempt sends nothing', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  const signal = AbortSignal.abort(new Error('too late'));
  await assert.rejects(transport.request('http://orders/', { signal }), /too late/);
  assert.equal(server.connections, 0);
});

test('the signal of the caller closes the socket while the answer is awaited', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const server = await serve(t, () => arrived.resolve());
  const transport = transportTo(t, { orders: [server.url] });
  const controller = new AbortController();
  const call = transport.request('http://orders/', { signal: controller.signal });
  await arrived.promise;
  const why = new Error('gone home');
  controller.abort(why);
  await assert.rejects(call, why);
  await server.disconnected;
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('the signal of the caller also breaks off the body, with its own reason', async (t) => {
  const server = await serve(t, (_, response) => void response.write('half'));
  const transport = transportTo(t, { orders: [server.url] });
  const controller = new AbortController();
  const { body } = await transport.request('http://orders/', { signal: controller.signal });
  const reading = body.text();
  const why = new Error('gone home');
  controller.abort(why);
  await assert.rejects(reading, why);
  await server.disconnected;
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('a body that nobody reads yet is broken off too', async (t) => {
  const server = await serve(t, (_, response) => void response.write('half'));
  const transport = transportTo(t, { orders: [server.url] });
  const controller = new AbortController();
  const { body } = await transport.request('http://orders/', { signal: controller.signal });
  controller.abort(new Error('gone home'));
  await server.disconnected;
  await assert.rejects(body.text(), /gone home/);
});

test('after the body nothing stays linked to the signal of the caller', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  const controller = new AbortController();
  const { body } = await transport.request('http://orders/', { signal: controller.signal });
  await body.dump();
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('the deadline ends with the headers', async (t) => {
  const goOn = Promise.withResolvers<void>();
  const server = await serve(t, (_, response) => {
    response.write('a');
    goOn.promise.then(() => response.end('b'));
  });
  const transport = transportTo(t, { orders: [server.url] });
  const { body } = await transport.request('http://orders/');
  transport.caller.scope.cancel(new MeshError('deadline', 'orders: 1s are up'));
  goOn.resolve();
  assert.equal(await body.text(), 'ab');
});

test('no connection in time is an error that says how long was tried', async (t) => {
  const env = testEnv();
  const full = await fullServer(t);
  const transport = transportTo(
    t,
    { orders: [full.url] },
    { env, policy: { defaults: { attempt: { connect: '250ms' } } } },
  );
  const call = transport.request('http://orders/');
  call.catch(() => {});
  await env.clock.advance(249);
  assert.equal(env.clock.pending, 1);
  await env.clock.advance(1);
  await assert.rejects(call, (error) => {
    assert.ok(MeshError.is(error));
    assert.match(error.message, /^orders: no connection to 127.0.0.1:\d+ in 250ms \(UNAVAILABLE: connect\)$/);
    assert.deepEqual([error.reason, error.sent], ['connect', 'no']);
    return true;
  });
  assert.equal(env.clock.pending, 0);
});

/** A server whose queue of connections is full, so that no more are made. */
async function fullServer(t: TestContext): Promise<{ url: string }> {
  const { connect } = await import('node:net');
  const { Worker } = await import('node:worker_threads');
  // It listens, and then does nothing at all: the system answers for it until its queue is full.
  const code = `
    const { createServer } = require('node:net');
    const { parentPort } = require('node:worker_threads');
    const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const worker = new Worker(code, { eval: true });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const crowd = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(crowd.slice(0, 2).map((one) => new Promise((resolve) => one.once('connect', resolve))));
  t.after(async () => {
    for (const one of crowd) one.destroy();
    await worker.terminate();
  });
  return { url: `http://127.0.0.1:${port}` };
}

test('a body that is silent for too long is broken off', async (t) => {
  const server = await serve(t, (_, response) => void response.write('half'));
  const transport = transportTo(t, { orders: [server.url] }, { policy: { defaults: { transport: { idle: '50ms' } } } });
  const { body } = await transport.request('http://orders/');
  await assert.rejects(body.text(), /was silent for 50ms in the middle of its answer \(UNAVAILABLE: reset\)/);
});

test('closed ports are told apart from silence: a server that is gone refuses', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => server.close(resolve));
  const transport = transportTo(t, { orders: [url] });
  await assert.rejects(transport.request('http://orders/'), { reason: 'connect', sent: 'no' });
});
