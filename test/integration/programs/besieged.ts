import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMesh } from '../../../src/mesh/create.ts';
import { settings } from '../../support/processes.ts';

const TURNS = 3; // without less in use, until it is believed
const STIR = 100_000; // bytes that come and go

// A server behind the mesh that strangers do their worst to. Asked for its state, it collects its garbage and tells.

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

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

/** What is in use when nothing more goes: of sockets that are closing, some is let go of only turns later. */
async function heapLeft(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let same = 0; same < TURNS; same++) {
    await new Promise(setImmediate);
    collect();
    const { heapUsed } = process.memoryUsage();
    if (heapUsed < least - STIR) same = 0;
    least = Math.min(least, heapUsed);
  }
  return least;
}

process.on('message', () => {
  server.getConnections(async (_, connections) => {
    const heapUsed = await heapLeft();
    process.send!({
      state: { connections, heapUsed, serving, calledOff: calledOff.length, codes: [...new Set(calledOff)] },
    });
  });
});
