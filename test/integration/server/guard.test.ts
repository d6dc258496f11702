import assert from 'node:assert/strict';
import { test } from 'node:test';
import express from 'express';
import { createMesh } from '../../../src/mesh/create.ts';
import { serve } from '../../support/http.ts';

test('a handler may be guarded by rules of its own, besides those of the service', async (t) => {
  await using mesh = await createMesh({
    service: 'orders',
    registry: { fixed: {} },
    telemetry: { prometheus: true },
    policy: { defaults: { authorize: { mode: 'enforce', rules: [{ action: 'deny', headers: { 'x-banned': '*' } }] } } },
  });
  const guarded = mesh.handler(
    { authorize: { headers: { 'x-team': 'shop' } } },
    (_, { route }) => new Response(`in ${route}`),
  );
  const { url } = await serve(t, guarded);
  const status = async (headers: Record<string, string>) => (await fetch(url, { headers })).status;
  assert.equal(await status({}), 403);
  assert.equal(await status({ 'x-team': 'shop' }), 200);
  assert.equal(await status({ 'x-team': 'shop', 'x-banned': 'yes' }), 403);
  const decided = /^inmesh_authorize_decisions_total\{inmesh_rule_set="handler",(.*)\} (\d+)$/gm;
  assert.deepEqual(
    [...mesh.metrics().matchAll(decided)].map(([, labels, times]) => [labels, times]),
    [
      ['inmesh_allowed="false",inmesh_enforced="true"', '1'],
      ['inmesh_rule="rules[0]",inmesh_allowed="true",inmesh_enforced="true"', '1'],
    ],
  );
});

test('what is asked of one handler counts for it alone', async (t) => {
  await using mesh = await createMesh({ service: 'orders', registry: { fixed: {} } });
  const guard = { quota: { rate: '2/h', per: 'all' } } as const;
  const [one, other] = [
    mesh.handler(guard, () => new Response('one')),
    mesh.handler(guard, () => new Response('other')),
  ];
  const { url } = await serve(t, (request, response) => (request.url === '/one' ? one : other)(request, response));
  const asked = async (path: string) => (await fetch(url + path)).status;
  assert.deepEqual([await asked('/one'), await asked('/one'), await asked('/one')], [200, 200, 429]);
  assert.deepEqual([await asked('/other'), await asked('/other'), await asked('/other')], [200, 200, 429]);
});

test('what is asked of one handler counts for it alone, whatever its quota is called', async (t) => {
  const quota = { name: 'caller', rate: '2/h', per: 'all' } as const;
  await using mesh = await createMesh({
    service: 'orders',
    registry: { fixed: {} },
    policy: { defaults: { quota: { requests: [{ ...quota, rate: '50/h' }] } } },
  });
  const [one, other] = [
    mesh.handler({ quota }, () => new Response('one')),
    mesh.handler({ quota }, () => new Response('other')),
  ];
  const { url } = await serve(t, (request, response) => (request.url === '/one' ? one : other)(request, response));
  const statuses: number[] = [];
  for (const path of ['/one', '/one', '/one', '/other', '/other', '/other']) {
    const answer = await fetch(url + path);
    statuses.push(answer.status);
    if (answer.status === 429) assert.match(answer.headers.get('ratelimit') ?? '', /^"caller";r=0;t=/);
  }
  assert.deepEqual(statuses, [200, 200, 429, 200, 200, 429]);
});

test('an answer says what is left of the quota of the service and of that of the handler', async (t) => {
  await using mesh = await createMesh({
    service: 'orders',
    registry: { fixed: {} },
    policy: { defaults: { quota: { requests: [{ name: 'all', rate: '50/h', per: 'all' }] } } },
  });
  const quota = { name: 'one', rate: '2/h', per: 'all' } as const;
  const { url } = await serve(
    t,
    mesh.handler({ quota }, () => new Response('hello')),
  );
  const { headers } = await fetch(url);
  assert.equal(headers.get('ratelimit-policy'), '"all";q=50;w=3600, "one";q=2;w=3600');
  assert.match(headers.get('ratelimit') ?? '', /^"all";r=49;t=\d+, "one";r=1;t=\d+$/);
});

test('a route of Express may be guarded by a middleware of its own; the request comes in once', async (t) => {
  await using mesh = await createMesh({ service: 'orders', registry: { fixed: {} } });
  const traces: (string | undefined)[] = [];
  const app = express();
  app.use(mesh.middleware());
  app.use((_request, _response, next) => {
    traces.push(mesh.context?.trace?.traceId);
    next();
  });
  app.post(
    '/orders',
    mesh.middleware({ authorize: { principals: ['checkout'] } }),
    (_, response) => void response.send('no'),
  );
  app.get('/orders', mesh.middleware({ authorize: {} }), (_, response) => {
    traces.push(mesh.context?.trace?.traceId);
    response.send('yes');
  });
  const { url } = await serve(t, app);
  assert.equal((await fetch(`${url}/orders`, { method: 'POST' })).status, 403);
  assert.equal(await (await fetch(`${url}/orders`)).text(), 'yes');
  assert.equal(traces.length, 3);
  assert.equal(traces[1], traces[2]);
});

test('what goes wrong behind a guarded middleware is a fault, as behind any other, and ends no process', async (t) => {
  await using mesh = await createMesh({ service: 'orders', registry: { fixed: {} } });
  const told = Promise.withResolvers<string>();
  mesh.on((event) => event.type === 'fault' && told.resolve(event.problem));
  const guarded = mesh.middleware({ quota: { rate: '100/s', per: 'all' } });
  const { url } = await serve(t, (request, response) =>
    guarded(request, response, () => {
      response.end('answered');
      throw new Error('behind the guard');
    }),
  );
  assert.equal(await (await fetch(url)).text(), 'answered');
  assert.match(await told.promise, /behind the guard/);
});

test('a guard that can not be is refused when it is made', async () => {
  await using mesh = await createMesh({ service: 'orders', registry: { fixed: {} } });
  const handler = () => new Response();
  const made = (guard: unknown) => () => mesh.handler(guard as never, handler);
  assert.throws(made({ quota: { rate: 'often' } }), /handler\.quota\[0\]\.rate must be/);
  assert.throws(made({ authorize: [{ paths: ['/'] }, { path: '/' }] }), /handler\.authorize\[1\]\.path: no such field/);
  assert.throws(made({ retry: {} }), /handler: no such option 'retry'; there are authorize, quota/);
  assert.throws(made(null), /handler: the options must be an object, got null/);
  assert.throws(() => mesh.middleware(null as never), /handler: the options must be an object, got null/);
  assert.throws(() => mesh.middleware('' as never), /handler: the options must be an object, got ''/);
  assert.throws(made(handler), /handler: the options must be an object, got a function \(/); // and not what stands in it
  assert.throws(() => mesh.handler({} as never), /handler needs a function, got object/);
});
