import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A real server on the loopback interface. */
export interface TestServer {
  readonly url: string;
  readonly server: Server;
  /** How many connections it has had. */
  readonly connections: number;
  /** Settles when the next connection to it ends. */
  readonly disconnected: Promise<void>;
}

/** Starts a server on a free port, for as long as the test runs. */
export async function serve(t: TestContext, listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener);
  let connections = 0;
  let closed!: () => void;
  const disconnected = new Promise<void>((resolve) => {
    closed = resolve;
  });
  server.on('connection', (socket) => {
    connections++;
    socket.on('close', closed);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    disconnected,
    get connections() {
      return connections;
    },
  };
}

/** All that a request says, as a server sees it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads a request whole. */
export async function see(request: IncomingMessage): Promise<Seen> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return { method: request.method!, url: request.url!, headers: request.headers as Record<string, string>, body };
}

/** Answers every request with what it says, as JSON. */
export const echo: RequestListener = (request, response) => {
  see(request).then(
    (seen) => response.setHeader('content-type', 'application/json').end(JSON.stringify(seen)),
    () => response.destroy(),
  );
};

/** A URL where nobody listens. */
export async function nobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
