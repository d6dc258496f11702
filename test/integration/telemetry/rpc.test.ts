import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createMesh } from '../../../src/index.ts';

test('the status that gRPC sends behind an answer is the status of the request', async (t) => {
  const mesh = await createMesh({
    service: 'orders',
    registry: { fixed: {} },
    telemetry: { prometheus: true, rpcMetrics: true },
  });
  const server = createServer(
    mesh.handler((_request, _context, response) => {
      response.setHeader('content-type', 'application/grpc');
      response.addTrailers({ 'grpc-status': '5' });
      response.end('x');
    }) as never,
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(async () => {
    session.destroy();
    server.close();
    await mesh.close({ drainMs: 0 });
  });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/shop.Orders/Get',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const trailers = once(stream, 'trailers');
  stream.end('x').resume();
  assert.equal((await trailers)[0]['grpc-status'], '5');
  if (!stream.closed) await once(stream, 'close');
  const counted = /^rpc_server_call_duration_seconds_count\{.*rpc_status_code="NOT_FOUND"\} 1$/m;
  while (!counted.test(mesh.metrics())) await new Promise(setImmediate);
});
