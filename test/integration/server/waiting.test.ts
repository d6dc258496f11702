import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';

const GET = 'GET / HTTP/1.1\r\nhost: shop\r\n\r\n';

/** Nothing of ours is done meanwhile, and what the kernel does goes on. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('who has connected by the time a server stops is taken in and answered, however many wait to be', async (t) => {
  const shop = await createMesh({ service: 'shop', registry: { fixed: {} } });
  t.after(() => shop.close({ drainMs: 0, timeoutMs: 0 }));
  const server = createServer(shop.handler(() => new Response('sold')));
  const { instance } = await shop.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  const sockets: Socket[] = [];
  for (let one = 0; one < 40; one++) {
    const socket = connect(instance.port, '127.0.0.1').on('error', () => {});
    t.after(() => socket.destroy());
    socket.write(GET);
    sockets.push(socket);
  }
  standStill(20); // the kernel has made all connections, and Node has seen none
  const closed = shop.close({ drainMs: 0 });
  const answers = await Promise.all(sockets.map((socket) => text(socket).catch(String)));
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close\r\n[\s\S]*sold/i);
  await closed;
  const late = connect(instance.port, '127.0.0.1');
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
});
