import { createServer } from 'node:http';

// The server of every contest: 200 bytes of JSON for whatever is asked. Tells its port to whoever started it.

const BODY = JSON.stringify({ id: 42, state: 'shipped', note: 'x'.repeat(200 - 37) }); // 200 bytes in all
const LENGTH = String(Buffer.byteLength(BODY));

const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': LENGTH });
  response.end(BODY);
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.send?.(address.port);
});
process.on('disconnect', () => process.exit(0));
