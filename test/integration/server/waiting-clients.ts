import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

const GET = 'GET / HTTP/1.1\r\nhost: shop\r\n\r\n';

// Clients in a thread of their own: they can connect to a server whose thread stands still.

/** Connects so many times and asks on each connection; `allConnected` becomes 1 then. Gives what each came to. */
export async function ask(port: number, count: number, allConnected: Int32Array): Promise<string[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.write(GET);
  const answers = sockets.map((socket) => text(socket).catch(String));
  Atomics.store(allConnected, 0, 1);
  Atomics.notify(allConnected, 0);
  return Promise.all(answers);
}

/** Is there once the thread is. */
export const begin = (): void => {};
