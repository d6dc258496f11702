import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMesh } from '../../../src/mesh/create.ts';
import { heapLeft } from '../../support/heap.ts';
import { settings } from '../../support/processes.ts';

// A server behind the mesh that strangers do their worst to. Asked for its state, it collects its garbage and tells.

const { headersTimeout } = settings<{ headersTimeout: number }>();
const mesh = await createMesh({ service: 'shop', registry: { fixed: {} } });
const calledOff: string[] = [];
let serving = 0;

const server = createServer(
  { headersTimeout, requestTimeout: 60_000, connectionsCheckingInterval: 100 },
  mesh.handler(async (request, { signal }) => {
    serving++;
    try {
      if (request.method === 'POST') {
        signal.addEventListener('abort', () => void calledOff.push((signal.reason as { code: string }).code));
        for await (const _ of request);
      }
      return new Response('sold');
    } finally {
      serving--;
    }
  }),
);
await once(server.listen(0, '127.0.0.1'), 'listening');
process.send!({ port: (server.address() as AddressInfo).port });

process.on('message', () => {
  server.getConnections(async (_, connections) => {
    const heapUsed = await heapLeft();
    process.send!({
      state: { connections, heapUsed, serving, calledOff: calledOff.length, codes: [...new Set(calledOff)] },
    });
  });
});
