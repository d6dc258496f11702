import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createMesh } from '../../src/index.ts';

async function listening(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** What a server was sent, whole. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

test('over real sockets a mirror that hangs gets whole copies and holds up neither the calls nor the end', async () => {
  const copies: string[] = [];
  const all = Promise.withResolvers<void>();
  const orders = await listening(async (request, response) => void response.end(`got ${await bodyOf(request)}`));
  const shadow = await listening(async (request) => {
    if (copies.push(`${request.method} ${await bodyOf(request)}`) === 8) all.resolve();
  });
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: [urlOf(orders)], shadow: [urlOf(shadow)] } },
    policy: { services: { orders: { mirror: { to: 'shadow', most: 8 } } } },
  });
  for (let call = 0; call < 20; call++) {
    const body = `order ${call}`;
    const answer = await mesh.fetch('http://orders/', { method: 'POST', body });
    assert.equal(await answer.text(), `got ${body}`);
    const other = await mesh.request('http://orders/', { method: 'PUT', body });
    assert.equal(await other.body.text(), `got ${body}`);
  }
  const facts = mesh.snapshot().clusters.find(({ service }) => service === 'orders')!.mirror!;
  assert.deepEqual(facts, { to: 'shadow', made: 8, failed: 0, skipped: 32, underWay: 8 });
  await all.promise;
  await mesh.close();
  assert.deepEqual(
    copies.sort(),
    ['POST', 'PUT'].flatMap((method) => [0, 1, 2, 3].map((call) => `${method} order ${call}`)),
  );
  for (const server of [orders, shadow]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
