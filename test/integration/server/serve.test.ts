import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer as createServer2 } from 'node:http2';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import type { Env } from '../../../src/core/env.ts';
import type { MeshEvent } from '../../../src/core/events.ts';
import { seeded } from '../../../src/core/random.ts';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { FakeRegistry } from '../../../src/testing/fake-registry.ts';
import { closeAfter } from '../../support/close-after.ts';
import { aFolder } from '../../support/processes.ts';

const LOCAL = { bind: '127.0.0.1', host: '127.0.0.1' } as const;

async function aShop(t: TestContext, registry = new FakeRegistry(), env?: Env): Promise<Mesh> {
  const mesh = await createMesh({ service: 'shop', registry: registry.client(), ...(env && { env }) });
  closeAfter(t, mesh, env);
  return mesh;
}

/** A server that keeps who asks waiting until it is told to answer. */
function aSlowServer(mesh: Mesh) {
  const asked = Promise.withResolvers<ServerResponse>();
  const server = createServer(mesh.handler((_request, _context, response) => asked.resolve(response)));
  return { server, asked: asked.promise };
}

const agentOf = (t: TestContext): Agent => {
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  return agent;
};

async function ask(agent: Agent, port: number): Promise<IncomingMessage> {
  const [response] = (await once(get({ agent, port, host: '127.0.0.1' }), 'response')) as [IncomingMessage];
  return response;
}

const stepOf = (mesh: Mesh, step: string): Promise<void> =>
  new Promise((resolve) => {
    mesh.on((event: MeshEvent) => {
      if (event.type === 'leaving' && event.step === step) resolve();
    });
  });

test('a server is listed with the port that it really has, and is called there', async (t) => {
  const registry = new FakeRegistry();
  const shop = await aShop(t, registry);
  const server = createServer(shop.handler(() => new Response('sold')));
  const { instance } = await shop.serve(server, { ...LOCAL, weight: 2, zone: 'a' });
  assert.equal(instance.port, (server.address() as AddressInfo).port);
  assert.deepEqual([instance.secure, instance.weight, instance.zone], [false, 2, 'a']);
  const caller = await createMesh({ service: 'caller', registry: registry.client() });
  t.after(() => caller.close());
  assert.equal(await (await caller.fetch('http://shop/')).text(), 'sold');
});

test('what was asked is answered whole when the mesh closes, on a connection that then ends', async (t) => {
  const shop = await aShop(t);
  const { server, asked } = aSlowServer(shop);
  const { instance } = await shop.serve(server, LOCAL);
  const answer = ask(agentOf(t), instance.port);
  const response = await asked;
  const stopping = stepOf(shop, 'drained');
  const closed = shop.close({ drainMs: 0 });
  await stopping;
  while (server.listening) await new Promise(setImmediate); // until all are taken in who wait
  const refused = connectSocket(instance.port, '127.0.0.1');
  await assert.rejects(once(refused, 'connect'), { code: 'ECONNREFUSED' });
  response.end('late, but whole');
  const answered = await answer;
  assert.equal(answered.headers.connection, 'close');
  assert.equal(await text(answered), 'late, but whole');
  await closed;
  assert.equal(server.listening, false);
});

test('a connection that was promised to be kept is closed once its answer has left', async (t) => {
  const shop = await aShop(t);
  const { server, asked } = aSlowServer(shop);
  server.keepAliveTimeout = 3_600_000;
  const { instance } = await shop.serve(server, LOCAL);
  const answer = ask(agentOf(t), instance.port);
  const response = await asked;
  response.write('begun');
  const answered = await answer;
  assert.equal(answered.headers.connection, 'keep-alive');
  const closed = shop.close({ drainMs: 0, timeoutMs: 3_600_000 });
  response.end();
  assert.equal(await text(answered), 'begun');
  await closed;
});

test('clients are asked off their connections while others hear that we leave', async (t) => {
  const env = testEnv();
  const shop = await aShop(t, new FakeRegistry(), env);
  const server = createServer(shop.handler(() => new Response('sold')));
  const { instance } = await shop.serve(server, LOCAL);
  const agent = agentOf(t);
  const before = await ask(agent, instance.port);
  assert.equal(before.headers.connection, 'keep-alive');
  await text(before);
  const closed = shop.close({ drainMs: 1_000 }); // of a clock that stands still
  const during = await ask(agent, instance.port);
  assert.equal(during.headers.connection, 'close');
  assert.equal(await text(during), 'sold');
  await env.clock.advance(1_000);
  await closed;
});

test('what has no answer when the time is up is cut off', async (t) => {
  const shop = await aShop(t);
  const { server, asked } = aSlowServer(shop);
  const { instance } = await shop.serve(server, LOCAL);
  const answer = ask(agentOf(t), instance.port);
  await asked;
  const ended = once(server, 'close');
  await Promise.all([assert.rejects(answer, { code: 'ECONNRESET' }), shop.close({ drainMs: 0, timeoutMs: 20 })]);
  await ended;
});

test('sessions of HTTP/2 are told to go away, and what they asked is answered', async (t) => {
  const shop = await aShop(t);
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  const listener = shop.handler((_, context) => {
    asked.resolve();
    assert.match(context.trace!.traceId, /^[0-9a-f]{32}$/);
    return answer.promise;
  });
  const server = createServer2(listener);
  const { instance } = await shop.serve(server, LOCAL);
  const session = connect(`http://127.0.0.1:${instance.port}`);
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/' });
  await asked.promise;
  const goaway = once(session, 'goaway');
  const closed = shop.close({ drainMs: 0 });
  await goaway;
  answer.resolve(new Response('whole', { headers: { 'x-mine': 'yes' } }));
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  assert.deepEqual([headers[':status'], headers['x-mine']], [200, 'yes']);
  assert.equal(await text(stream), 'whole');
  await closed;
});

test('a port that is taken is an error of the server, and nobody is listed', async (t) => {
  const registry = new FakeRegistry();
  const shop = await aShop(t, registry);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const server = createServer();
  await assert.rejects(shop.serve(server, { ...LOCAL, port, health: true }), { code: 'EADDRINUSE' });
  assert.deepEqual(await registry.services(), []);
  const { instance } = await shop.serve(server, LOCAL);
  assert.notEqual(instance.port, port);
  server.on(
    'request',
    shop.handler(() => new Response('ours')),
  );
  const asked = await fetch(`http://127.0.0.1:${instance.port}/readyz`);
  assert.equal(await asked.text(), 'ours', 'what was not served is not answered for');
});

test('what can not be listed does not stay open', async (t) => {
  const shop = await aShop(t);
  const server = createServer();
  await assert.rejects(shop.serve(server, { ...LOCAL, weight: -1 }), /weight must be a number of at least 0/);
  assert.equal(server.listening, false);
});

test('a server that its owner has told where to listen listens there, and nowhere else', async (t) => {
  const shop = await aShop(t);
  const server = createServer();
  server.listen(0, '127.0.0.1'); // which is not yet listening
  const { instance } = await shop.serve(server, { host: '127.0.0.1' });
  assert.deepEqual(server.address(), { address: '127.0.0.1', family: 'IPv4', port: instance.port });
});

test('a server that listens on a pipe can not be listed, which has no ports', async (t) => {
  const shop = await aShop(t);
  const server = createServer();
  const path = join(await aFolder(t), 'shop.sock');
  await once(server.listen(path), 'listening');
  await assert.rejects(shop.serve(server), {
    reason: 'request',
    message: new RegExp(`the server listens on ${path}, and others reach a service by its port`),
  });
  assert.equal(server.listening, false);
});

test('a server that its owner closes is on the list no more', async (t) => {
  const shop = await aShop(t);
  const server = createServer();
  const { state } = await shop.serve(server, LOCAL);
  const left = new Promise<void>((resolve) => void state.watch((value) => value === 'left' && resolve()));
  server.close();
  await left;
  const steps: string[] = [];
  shop.on((event) => event.type === 'leaving' && steps.push(event.step));
  await shop.close({ drainMs: 0 });
  assert.deepEqual(steps, ['closed'], 'and nothing is left of it to be stopped');
});

test('what can not be served is told at the door', async (t) => {
  const shop = await aShop(t);
  await assert.rejects(shop.serve({} as never), /serve needs a server of node:http/);
  const known = await createMesh({ service: 'shop', registry: { fixed: {} }, identity: { secrets: {} } });
  t.after(() => known.close());
  await assert.rejects(known.serve(undefined as never), /serve needs a server of .*, got undefined/);
  await assert.rejects(shop.serve(createServer(), 3000 as never), /the options must be an object, got 3000/);
  await assert.rejects(shop.serve(createServer(), { port: 70_000 }), /port must be a whole number from 0 to 65535/);
  await assert.rejects(shop.serve(createServer(), { bind: 4 as never }), /bind must be an address of this machine/);
  await assert.rejects(shop.serve(createServer(), { prot: 1 } as never), {
    message: `serve: no such option 'prot'; there are port, bind, host, id, weight, zone, secure, metadata, health (INVALID_ARGUMENT: request)`,
  });
  // As text, which is how the environment has it.
  await assert.rejects(shop.serve(createServer(), { port: '3000' as never }), /from 0 to 65535, got '3000'/);
  await shop.close({ drainMs: 0 });
  const late = createServer();
  await assert.rejects(shop.serve(late), { reason: 'closed' });
  assert.equal(late.listening, false);
});

test('an application that would listen by itself is refused before it does', async (t) => {
  const shop = await aShop(t);
  const listened: unknown[] = [];
  for (const app of [express(), new Koa(), fastify()] as { listen: unknown }[]) {
    app.listen = (...given: unknown[]) => listened.push(given);
    await assert.rejects(
      shop.serve(app as never),
      /serve needs a server of node:http, node:https or node:http2, such as http\.createServer\(app\), got an? \w+/,
    );
  }
  assert.deepEqual(listened, []);
});

test('three instances restart one after the other under calls, and no call fails', async (t) => {
  const registry = new FakeRegistry();
  const start = async (env?: Env): Promise<Mesh> => {
    const mesh = await aShop(t, registry, env);
    const server = createServer(mesh.handler(() => new Response('sold')));
    server.keepAliveTimeout = 3_600_000; // where the machine stands still it would end what the caller uses again just then
    await mesh.serve(server, LOCAL);
    return mesh;
  };
  const envs = [1, 2, 3].map((seed) => testEnv({ random: seeded(seed) })); // each leaves in as much time as the test lets pass
  const instances = await Promise.all(envs.map(async (env) => ({ env, mesh: await start(env) })));
  const caller = await createMesh({ service: 'caller', registry: registry.client() });
  t.after(() => caller.close());
  let [calls, over] = [0, false];
  const call = async (): Promise<void> => {
    while (!over) {
      const answer = await caller.request('http://shop/', { method: 'POST' }); // which is never sent twice in doubt
      assert.equal(answer.statusCode, 200);
      await answer.body.text();
      calls++;
    }
  };
  const callers = Promise.all(Array.from({ length: 8 }, call));
  const more = async (): Promise<void> => {
    for (const enough = calls + 100; calls < enough; ) await turn();
  };
  for (const { env, mesh } of instances) {
    await start();
    await more();
    const closed = mesh.close({ drainMs: 500 });
    for (let wait = 0; wait < 2; wait++) {
      await more(); // what was on its way to it has come
      await env.clock.advance(500); // until it stops, and then until it hangs up on who says nothing
    }
    await closed;
  }
  over = true;
  await callers;
  assert.ok(calls > 0);
});
