import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../../src/core/errors.ts';
import { PolicySet } from '../../../src/policy/policy.ts';
import type { PolicySections } from '../../../src/policy/table.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { Pools } from '../../../src/transport/pools.ts';
import { echo, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

const policy = (defaults: PolicySections = {}) => new PolicySet({ defaults }).for('orders');
const closed = () => new MeshError('closed', 'the mesh was closed');

test('an endpoint has one pool, for as long as its settings are the same', async () => {
  const pools = new Pools(testEnv());
  const pool = pools.get('http://127.0.0.1:1', policy());
  assert.equal(pools.get('http://127.0.0.1:1', policy({ retry: { attempts: 2 } })), pool);
  assert.notEqual(pools.get('http://127.0.0.1:2', policy()), pool);
  assert.equal(pools.size, 2);
  await pools.close(0, closed());
  assert.equal(pools.size, 0);
});

test('routes with settings of their own have pools of their own, and a few at most', async () => {
  const pools = new Pools(testEnv());
  const at = (connect: string) => pools.get('http://127.0.0.1:1', policy({ attempt: { connect } }));
  const first = at('1s');
  assert.notEqual(at('2s'), first);
  assert.equal(at('1s'), first);
  for (let seconds = 3; seconds < 50; seconds++) at(`${seconds}s`);
  await new Promise(setImmediate); // those that went have closed
  assert.equal(pools.size, 4);
  await pools.close(0, closed());
});

test('the pool of an endpoint that went is closed, and another is made when it comes back', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  await (await transport.request('http://orders/')).body.dump();
  transport.forget(server.url);
  await server.disconnected;
  await (await transport.request('http://orders/')).body.dump();
  assert.equal(server.connections, 2);
});

test('what is under way when an endpoint goes may end', async (t) => {
  const goOn = Promise.withResolvers<void>();
  const server = await serve(t, (_, response) => void goOn.promise.then(() => response.end('done')));
  const transport = transportTo(t, { orders: [server.url] });
  const call = transport.request('http://orders/');
  transport.forget(server.url);
  goOn.resolve();
  assert.equal(await (await call).body.text(), 'done');
  await server.disconnected;
});

test('close waits for bodies, and no longer than it was told', async (t) => {
  const env = testEnv();
  const server = await serve(t, (_, response) => void response.write('half'));
  const transport = transportTo(t, { orders: [server.url] }, { env });
  const { body } = await transport.request('http://orders/');
  const reading = body.text();
  reading.catch(() => {});
  const closing = transport.close(500);
  await env.clock.advance(499);
  assert.equal(body.over, false);
  await env.clock.advance(1);
  await closing;
  await assert.rejects(reading, (error) => MeshError.is(error) && error.reason === 'closed' && error.sent === 'yes');
  await server.disconnected;
  assert.equal(env.clock.pending, 0);
});

test('close ends what is not answered in time, and says that it may have been seen', async (t) => {
  const env = testEnv();
  const arrived = Promise.withResolvers<void>();
  const server = await serve(t, () => arrived.resolve());
  const transport = transportTo(t, { orders: [server.url] }, { env });
  const call = transport.request('http://orders/');
  call.catch(() => {});
  await arrived.promise;
  const closing = transport.close(500);
  await env.clock.advance(500);
  await closing;
  await assert.rejects(call, {
    reason: 'closed',
    sent: 'maybe',
    message: 'the mesh was closed (UNAVAILABLE: closed)',
  });
});

test('a closed transport sends no more', async (t) => {
  const transport = transportTo(t, { orders: ['http://127.0.0.1:1'] });
  await transport.close();
  await transport.close();
  await assert.rejects(transport.request('http://orders/'), { reason: 'closed', sent: 'no' });
  await assert.rejects(transport.fetch('http://orders/'), (error) => {
    assert.ok(error instanceof TypeError);
    return MeshError.is(error.cause) && error.cause.reason === 'closed';
  });
  transport.forget('http://127.0.0.1:1');
});

test('no more connections are made than the policy says', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(
    t,
    { orders: [server.url] },
    { policy: { services: { orders: { transport: { connections: 2 } } } } },
  );
  const calls = Array.from({ length: 20 }, async () => (await transport.request('http://orders/')).body.dump());
  await Promise.all(calls);
  assert.equal(server.connections, 2);
});

test('requests that can not be sent leave the connections of an endpoint to others', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(
    t,
    { orders: [server.url] },
    { policy: { defaults: { transport: { connections: 2 } } } },
  );
  const bad = [{ method: 'A B' }, { headers: { 'x-name': 'a\u0000b' } }, { headers: { expect: '100-continue' } }];
  const refuse = async () => {
    for (const options of bad) {
      await assert.rejects(transport.request('http://orders/', options), { reason: 'request', sent: 'no' });
    }
  };
  await refuse(); // before there is a connection
  const answers = ['a', 'b', 'c'].map((body) => transport.request('http://orders/', { method: 'POST', body }));
  await Promise.all([refuse(), refuse(), ...answers.map(async (answer) => (await answer).body.dump())]); // while all are in use
  await refuse(); // while none is
  await (await transport.request('http://orders/')).body.dump();
  assert.equal(server.connections, 2);
});

test('an idle connection is closed after the time the policy says', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(
    t,
    { orders: [server.url] },
    { policy: { defaults: { transport: { keepAlive: '20ms' } } } },
  );
  await (await transport.request('http://orders/')).body.dump();
  await server.disconnected;
});
