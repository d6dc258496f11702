import assert from 'node:assert/strict';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { createMesh } from '../../../src/index.ts';
import { serve } from '../../support/http.ts';

test('a service that is asked decides; it is told who, what and where from, and no secret', async (t) => {
  const told: unknown[] = [];
  const authz = await serve(t, async (request, response) => {
    const asked = (await json(request)) as { path: string };
    told.push(asked);
    response.statusCode = asked.path === '/closed' ? 403 : asked.path === '/broken' ? 500 : 200;
    response.end();
  });
  await using mesh = await createMesh({
    service: 'orders',
    registry: { fixed: { authz: [authz.url] } },
    policy: {
      services: {
        orders: { authorize: { mode: 'enforce', check: 'http://authz/check', rules: [{ action: 'custom' }] } },
      },
    },
  });
  const { url } = await serve(
    t,
    mesh.handler(() => new Response('hello')),
  );
  const ask = (path: string) => fetch(url + path, { headers: { authorization: 'Bearer secret', cookie: 'a=secret' } });
  const [open, closed, broken] = [await ask('/open'), await ask('/closed'), await ask('/broken')];
  assert.deepEqual([open.status, closed.status, broken.status], [200, 403, 403]);
  assert.deepEqual(await closed.json(), {
    type: 'about:blank',
    title: 'Forbidden',
    status: 403,
    code: 'PERMISSION_DENIED',
  });
  const { address, ...said } = told[0] as Record<string, unknown>;
  assert.match(String(address), /127\.0\.0\.1$/);
  assert.deepEqual(said, {
    principal: { name: '', by: 'nothing', issuer: '', claims: {} },
    method: 'GET',
    path: '/open',
  });
  assert.ok(!JSON.stringify(told).includes('secret'));
});
