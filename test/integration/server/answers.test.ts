import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { suite, test } from 'node:test';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { MeshOptions } from '../../../src/mesh/options.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { refused } from '../../../src/testing.ts';
import { APPLICATIONS } from './applications.ts';
import { aServer } from './world.ts';

// What the mesh says in answers besides what the handler does, whoever answers in the end.

const policed = (defaults: object): Partial<MeshOptions> => ({ policy: { defaults } }) as MeshOptions;
const QUOTA = { requests: [{ name: 'each', rate: '100/m', per: 'all' }] };

for (const [name, build] of Object.entries(APPLICATIONS)) {
  suite(name, () => {
    test('the mark of a call that was tried enough stands in the answer of a handler that then throws', async (t) => {
      const inner = (mesh: Mesh) => ({
        inner: () => mesh.call('stock', () => Promise.reject(refused()), { idempotent: true }),
      });
      const { url } = await aServer(t, build, {}, inner);
      const answer = await fetch(`${url}/inner`);
      assert.ok(answer.status >= 500, `${answer.status}`);
      assert.equal(answer.headers.get('finagle-http-nonretryable-nack'), 'true');
      await answer.body?.cancel();
    });

    test('what is left of a quota stands in every answer that is let in, streamed or failed', async (t) => {
      const { url, goOn } = await aServer(t, build, policed({ quota: QUOTA }));
      goOn();
      for (const path of ['/orders/1', '/stream', '/throw']) {
        const { headers, body } = await fetch(url + path);
        await body?.cancel();
        assert.equal(headers.get('ratelimit-policy'), '"each";q=100;w=60', path);
        assert.match(headers.get('ratelimit') ?? '', /^"each";r=\d{2};t=\d+$/, path);
      }
    });

    test('who is over a quota is told when to come again, by header and by problem', async (t) => {
      const requests = [{ name: 'each', rate: '1/m', burst: 1, per: 'all' }];
      const { url } = await aServer(t, build, policed({ quota: { requests } }));
      await (await fetch(`${url}/orders/1`)).body?.cancel();
      const answer = await fetch(`${url}/orders/1`);
      assert.equal(answer.status, 429);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
      assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
      assert.match(answer.headers.get('ratelimit') ?? '', /^"each";r=0;t=\d+$/);
      const { type, status, 'violated-policies': violated } = (await answer.json()) as Record<string, unknown>;
      assert.deepEqual(
        { type, status, violated },
        { type: 'https://iana.org/assignments/http-problem-types#quota-exceeded', status: 429, violated: ['each'] },
      );
    });

    test('who finds no room is sent elsewhere by a nack', async (t) => {
      const { url } = await aServer(t, build, policed({ shed: { mode: 'enforce', limit: 0 } }));
      const answer = await fetch(`${url}/throw`);
      assert.equal(answer.status, 503);
      assert.equal(answer.headers.get('finagle-http-nack'), 'true');
      assert.equal(answer.headers.get('retry-after'), '1');
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
      assert.equal(((await answer.json()) as { code: string }).code, 'UNAVAILABLE');
    });

    test('who answers while it leaves says so, and asks off the connection, also where a handler throws', async (t) => {
      const env = testEnv(); // others hear that it leaves for as long as the test wants
      const { url, mesh, server } = await aServer(t, build, { env });
      server.close(); // it is served anew, on a port of its own
      await once(server, 'close');
      const { instance } = await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
      const there = url.replace(/:\d+$/, `:${instance.port}`);
      await (await fetch(`${there}/orders/1`)).body?.cancel();
      const closed = mesh.close({ drainMs: 300 });
      for (const path of ['/orders/1', '/throw']) {
        const { headers, body } = await fetch(there + path);
        await body?.cancel();
        assert.equal(headers.get('x-envoy-immediate-health-check-fail'), 'true', path);
        assert.equal(headers.get('connection'), 'close', path);
      }
      await env.clock.advance(300);
      await closed;
    });

    test('a request for a whole URL falls under the route of its path, as a router takes it', async (t) => {
      const routes = { '/orders/{id}': { authorize: { mode: 'enforce', otherwise: 'deny' } } } as const;
      const { url } = await aServer(t, build, { policy: { services: { shop: { routes } } } });
      const { port } = new URL(url);
      for (const path of ['/orders/1', 'http://elsewhere/orders/1?x=1']) {
        const asking = httpRequest({ port, path, host: '127.0.0.1' }).end();
        const [answer] = (await once(asking, 'response')) as [IncomingMessage];
        answer.resume();
        assert.equal(answer.statusCode, 403, path);
      }
    });

    test('a filter that fails once the request was handed over takes neither the answer nor the process along', async (t) => {
      const failed = Promise.withResolvers<void>();
      const { url, mesh } = await aServer(t, build, {
        stacks: {
          inbound: (stack) =>
            stack.before('shed', {
              name: 'failing',
              filter: (next) => async (arrival, context) => {
                await next(arrival, context);
                failed.resolve();
                throw new Error('too late');
              },
            }),
        },
      });
      const faults: string[] = [];
      mesh.on((event) => event.type === 'fault' && faults.push(event.problem));
      const answer = await fetch(`${url}/orders/1`);
      await failed.promise;
      // Where the way in is around the answer, as in Koa and Hono, the framework still can make another of it.
      assert.equal(answer.status, name === 'koa 3' || name === 'hono 4' ? 500 : 200);
      await answer.body?.cancel();
      await new Promise(setImmediate);
      const isOurs = ['node:http', 'connect 3', 'express 5', 'express 4', 'nest 12'].includes(name); // the others have a place for it
      assert.equal(faults.filter((fault) => fault.includes('too late')).length, isOurs ? 1 : 0);
    });

    test('a request whose caller hangs up on its way in reaches no handler, and takes no room', async (t) => {
      const began = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const gone = Promise.withResolvers<void>();
      let served = 0;
      const { url, mesh } = await aServer(
        t,
        build,
        {
          ...policed({ shed: { mode: 'enforce', limit: 1 } }),
          stacks: {
            inbound: (stack) =>
              stack.before('shed', {
                name: 'slow',
                filter: (next) => async (arrival, context) => {
                  if (arrival.path !== '/inner') return next(arrival, context);
                  context.scope.onCancel(() => gone.resolve());
                  began.resolve();
                  await gate.promise;
                  return next(arrival, context);
                },
              }),
          },
        },
        () => ({ inner: async () => ({ served: ++served }) }),
      );
      const calling = httpRequest(`${url}/inner`).on('error', () => {});
      calling.end();
      await began.promise;
      calling.destroy();
      await gone.promise;
      gate.resolve();
      assert.equal((await fetch(`${url}/orders/1`)).status, 200);
      assert.equal(served, 0);
      assert.equal(mesh.snapshot().shed.serving, 0);
    });
  });
}
