import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { SpanKind } from '@opentelemetry/api';
import { createMesh } from '../../../src/index.ts';
import { recordedSpans } from '../../support/recorded-spans.ts';

const exporter = recordedSpans();

/** Every `traceparent` that a request brought, by the raw fields of the wire. */
const parentsOf = ({ rawHeaders }: IncomingMessage): string[] =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'traceparent');

test('each attempt of mesh.request, mesh.fetch and mesh.call brings one traceparent, that of its own span', async () => {
  const parents: string[][] = [];
  const server = createServer((request, response) => {
    parents.push(parentsOf(request));
    response.writeHead(parents.length === 1 ? 503 : 200).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [`http://127.0.0.1:${port}`] } } });
  try {
    await (await mesh.request('http://orders/1')).body.dump();
    await (await mesh.fetch('http://orders/2')).arrayBuffer();
    await mesh.call('orders', async ({ url, headers }) => (await fetch(`${url}/3`, { headers })).arrayBuffer());
  } finally {
    await mesh.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  const attempts = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);
  assert.equal(attempts.length, 4);
  assert.deepEqual(
    parents,
    attempts.map((span) => [`00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`]),
  );
});
