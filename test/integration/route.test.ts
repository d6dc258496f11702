import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createMesh } from '../../src/index.ts';

async function answering(word: string): Promise<Server> {
  const server = createServer((_, response) => void response.end(word));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test('over real sockets the headers, the path and the query of a request decide where it goes, and what is injected', async () => {
  const [stable, canary] = [await answering('stable'), await answering('canary')];
  const to = [{ service: 'orders-canary' }];
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: [urlOf(stable)], 'orders-canary': [urlOf(canary)] } },
    policy: {
      services: {
        orders: {
          route: {
            rules: [
              { headers: { 'X-Staff': '*' }, to },
              { path: '/beta/{rest*}', query: { on: '1' }, to },
            ],
          },
          fault: { callers: ['checkout'] },
        },
      },
    },
  });
  const fetched = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
    (await mesh.fetch(`http://orders${path}`, { headers })).text();
  const requested = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
    (await mesh.request(`http://orders${path}`, { headers })).body.text();
  for (const ask of [fetched, requested]) {
    assert.equal(await ask('/'), 'stable');
    assert.equal(await ask('/', { 'x-staff': 'yes' }), 'canary');
    assert.equal(await ask('/beta/a?on=1'), 'canary');
    assert.equal(await ask('/beta/a?on=0'), 'stable');
    await assert.rejects(ask('/', { 'x-envoy-fault-abort-request': '503' }));
  }
  await mesh.close();
  for (const server of [stable, canary]) await new Promise((resolve) => server.close(resolve));
});
