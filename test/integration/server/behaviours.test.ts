import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { MeshError } from '../../../src/core/errors.ts';
import type { MeshEvent } from '../../../src/core/events.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { RequestContext } from '../../../src/server/request-context.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { refused } from '../../../src/testing.ts';
import { APPLICATIONS, NAMELESS } from './applications.ts';
import { aServer } from './world.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
const FULL = { deadline: { refuse: 1 } } as const;

for (const [name, build] of Object.entries(APPLICATIONS)) {
  suite(name, () => {
    test('calls made inside go on with the trace and have no more time than the request', async (t) => {
      const { url } = await aServer(t, build, { env: testEnv() });
      const headers = { traceparent, tracestate: 'a=b', 'x-envoy-expected-rq-timeout-ms': '5000' };
      const inner = (await (await fetch(`${url}/inner`, { headers })).json()) as Record<string, string>;
      assert.equal(inner.traceparent!.slice(3, 35), TRACE);
      assert.notEqual(inner.traceparent!.slice(36, 52), 'b7ad6b7169203331');
      assert.equal(inner.tracestate, 'a=b');
      const left = Number(inner['x-envoy-expected-rq-timeout-ms']);
      assert.ok(left > 0 && left <= 5_000, `${left} ms`);
    });

    test('where no trace came one begins, that the calls inside share', async (t) => {
      const { url } = await aServer(t, build);
      const inner = (await (await fetch(`${url}/inner`)).json()) as Record<string, string>;
      assert.match(inner.traceId!, /^[0-9a-f]{32}$/);
      assert.equal(inner.traceparent!.slice(3, 35), inner.traceId);
    });

    test('hostile headers count as absent', async (t) => {
      const { url } = await aServer(t, build);
      const headers = { traceparent: `00-${'0'.repeat(32)}-1-01`, 'x-envoy-expected-rq-timeout-ms': '-1' };
      const order = (await (await fetch(`${url}/orders/7`, { headers })).json()) as Record<string, unknown>;
      assert.equal(order.id, '7');
      assert.equal(order.hurried, false);
      assert.equal(order.parentId, undefined);
    });

    test('the route has the name that the policy or the framework gives it', async (t) => {
      const { url, mesh } = await aServer(t, build);
      const route = async () => ((await (await fetch(`${url}/orders/7?x=1`)).json()) as { route?: string }).route;
      assert.equal(await route(), NAMELESS.includes(name) ? undefined : 'GET /orders/{id}');
      mesh.setPolicy({ services: { shop: { routes: { '/orders/{number}': {} } } } });
      assert.equal(await route(), '/orders/{number}');
    });

    test('what was brought is still there after the body was read', async (t) => {
      const { url } = await aServer(t, build);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      t.after(() => agent.destroy());
      for (let turn = 0; turn < 3; turn++) {
        const headers = { traceparent, 'content-type': 'text/plain' };
        const sending = httpRequest(`${url}/upload`, { method: 'POST', headers, agent });
        sending.write('x'.repeat(50_000));
        await new Promise(setImmediate); // so that the rest comes by itself
        sending.end('x'.repeat(40_000));
        const [response] = (await once(sending, 'response')) as [IncomingMessage];
        const said = JSON.parse(await text(response)) as object;
        assert.deepEqual(said, { length: 90_000, traceId: TRACE, parentId: 'b7ad6b7169203331', hurried: false });
      }
    });

    test('an answer for which a call was tried enough says so, and any other does not', async (t) => {
      const tried = (send: () => Promise<object>) => (mesh: Mesh) => ({
        inner: () => mesh.call('stock', send, { idempotent: true }).catch(() => ({ tried: 'enough' })),
      });
      const spent = await aServer(
        t,
        build,
        {},
        tried(() => Promise.reject(refused())),
      );
      const answer = await fetch(`${spent.url}/inner`);
      assert.deepEqual(await answer.json(), { tried: 'enough' });
      assert.equal(answer.headers.get('finagle-http-nonretryable-nack'), 'true');
      const well = await aServer(
        t,
        build,
        {},
        tried(async () => ({ well: true })),
      );
      assert.equal((await fetch(`${well.url}/inner`)).headers.get('finagle-http-nonretryable-nack'), null);
    });

    test('a stream passes part by part', async (t) => {
      const { url, goOn } = await aServer(t, build);
      const response = await fetch(`${url}/stream`);
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      assert.equal((await reader.read()).value, 'one,');
      goOn();
      assert.equal((await reader.read()).value, 'two');
      assert.equal((await reader.read()).done, true);
    });

    test('the signal aborts at the deadline', async (t) => {
      const { url, calledOff } = await aServer(t, build);
      const answer = await fetch(`${url}/wait`, { headers: { 'grpc-timeout': '30m' } });
      assert.equal(answer.status, 200); // what the handler then says is its own affair
      const reason = await calledOff;
      assert.ok(MeshError.is(reason) && reason.code === 'DEADLINE_EXCEEDED');
    });

    test('the signal aborts when the caller hangs up', async (t) => {
      const { url, waiting, calledOff } = await aServer(t, build);
      const calling = httpRequest(`${url}/wait`).on('error', () => {});
      calling.end();
      assert.equal((await waiting).signal.aborted, false);
      calling.destroy();
      const reason = await calledOff;
      assert.ok(MeshError.is(reason) && reason.code === 'CANCELLED');
    });

    test('the signal of a request that was answered does not abort, whatever becomes of its connection', async (t) => {
      const seen: (RequestContext | undefined)[] = [];
      const order = (mesh: Mesh) => ({
        order: () => {
          seen.push(mesh.context);
          assert.equal(mesh.context!.signal.aborted, false);
          return { sold: true };
        },
      });
      const env = testEnv();
      const { url, server } = await aServer(t, build, { env }, order);
      const connected = once(server, 'connection') as Promise<[Socket]>;
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let turn = 0; turn < 2; turn++) {
        const asking = httpRequest(`${url}/orders/7`, { agent, headers: { 'grpc-timeout': '20m' } }).end();
        const [response] = (await once(asking, 'response')) as [IncomingMessage];
        assert.equal(await text(response), '{"sold":true}');
      }
      const [socket] = await connected;
      const gone = once(socket, 'close');
      agent.destroy();
      await gone;
      await env.clock.advance(20);
      assert.ok(seen.every((context) => context!.timeLeftMs <= 0));
      await new Promise(setImmediate);
      assert.deepEqual(
        seen.map((context) => context!.signal.aborted),
        [false, false],
      );
    });

    test('a request that comes too late is refused before the handler, and told', async (t) => {
      const { url, mesh } = await aServer(t, build, { policy: { defaults: FULL } });
      const told: MeshEvent[] = [];
      mesh.on((event) => void told.push(event));
      const answer = await fetch(`${url}/throw`, { headers: { 'grpc-timeout': '0m' } });
      assert.equal(answer.status, 504);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
      assert.deepEqual(await answer.json(), {
        type: 'about:blank',
        title: 'Gateway Timeout',
        status: 504,
        code: 'DEADLINE_EXCEEDED',
        detail: 'The deadline had passed when the request came.',
      });
      assert.deepEqual(
        told.map((event) => event.type === 'refused' && [event.service, event.reason, event.enforced]),
        [['shop', 'deadline', true]],
      );
      const other = await fetch(`${url}/orders/1`);
      assert.equal(other.status, 200);
    });

    test('where the policy only observes, who comes too late is served as if it had set no limit', async (t) => {
      const policy = { defaults: { deadline: { refuse: 1, expired: 'observe' } } } as const;
      const { url, mesh } = await aServer(t, build, { policy });
      const told: MeshEvent[] = [];
      mesh.on((event) => void told.push(event));
      const order = await (await fetch(`${url}/orders/1`, { headers: { 'grpc-timeout': '0m' } })).json();
      assert.equal((order as { hurried: boolean }).hurried, false);
      assert.deepEqual(
        told.map((event) => event.type === 'refused' && event.enforced),
        [false],
      );
    });

    test('a handler that throws is answered by its framework, and nothing more is said', async (t) => {
      const { url } = await aServer(t, build);
      const answer = await fetch(`${url}/throw`);
      assert.equal(answer.status, 500);
      await answer.body?.cancel();
      assert.equal((await fetch(`${url}/orders/1`)).status, 200);
    });

    test('nothing leaks between requests that are served at the same time', async (t) => {
      const { url } = await aServer(t, build);
      const ask = async (number: number) => {
        const id = number.toString(16).padStart(32, 'a');
        const headers = { traceparent: `00-${id}-b7ad6b7169203331-01` };
        const inner = (await (await fetch(`${url}/inner`, { headers })).json()) as Record<string, string>;
        return inner.traceparent!.slice(3, 35) === id && inner.traceId === id;
      };
      const asked = await Promise.all(Array.from({ length: 100 }, (_, number) => ask(number)));
      assert.deepEqual(new Set(asked), new Set([true]));
    });
  });
}
