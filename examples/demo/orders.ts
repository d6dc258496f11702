// One `orders` server of the demo: answers after a while, fails when told to, and lists itself for others to find.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMesh } from 'inmesh';
import type { OrdersSettings, Ready, ToOrders } from './messages.ts';
import { hear, settings, tell } from './stage-hand.ts';

const { registry, weight, answerMs, port, waits = false } = settings<OrdersSettings>();
let failing = 0;

const server = createServer((request, response) => {
  const status = Math.random() < failing ? 503 : 200;
  setTimeout(() => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ path: request.url, state: status === 200 ? 'paid' : 'unknown' }));
  }, answerMs);
});

if (waits) {
  tell('ready' satisfies Ready);
  await once(process, 'message'); // to begin
}
const mesh = await createMesh({ service: 'orders', registry });
server.listen(port, '127.0.0.1', async () => {
  const bound = (server.address() as AddressInfo).port;
  await mesh.announce({ host: '127.0.0.1', port: bound, weight });
  tell({ port: bound });
});

hear<ToOrders>(async (message) => {
  if (message === 'deaf') {
    server.close();
    server.closeAllConnections();
  } else if (typeof message === 'object') failing = message.failing;
  else if (message === 'end') {
    await mesh.close({ drainMs: 0 }); // nobody calls any more
    server.close(() => process.exit());
    server.closeIdleConnections();
  }
});
