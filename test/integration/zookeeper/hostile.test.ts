import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../../src/core/clock.ts';
import type { Link } from '../../../src/zookeeper/link.ts';
import { getChildren, getData, multi, type Operation } from '../../../src/zookeeper/operations.ts';
import { openLink } from '../../../src/zookeeper/socket-link.ts';
import { eventually } from './helpers.ts';

const open = (port: number): Promise<Link> =>
  openLink({
    ...{ server: { host: '127.0.0.1', port }, clock: systemClock, chroot: '', timeoutMs: 600, handshakeMs: 20_000 },
    ...{ key: undefined, zxid: 0n, digest: undefined, tls: undefined, onEvent: () => {}, onEnd: () => {} },
  });

const GREETING = Buffer.from('00000025000000000000a0000123456789abcdef00000010', 'hex');
const HELLO = Buffer.concat([GREETING, Buffer.alloc(17)]);
const HEADER = '00000001' + '0000000000000005' + '00000000'; // the answer to the first question

function frame(hex: string): Buffer {
  const body = Buffer.from(hex, 'hex');
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** A server that says what `says` gives for the first, second, third thing that it hears, whatever that is. */
async function aServer(says: (count: number) => Buffer | undefined) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let count = 0;
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () => {
      const said = says(++count);
      if (said !== undefined) socket.write(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('whatever a server sends, nothing is thrown and nothing waits for ever (H19)', async () => {
  const asSecond = (bytes: Buffer) => Buffer.from(bytes.toString('hex').replace('00000001', '00000002'), 'hex');
  const hostile: Record<string, Buffer> = {
    'a length of nothing': Buffer.alloc(4),
    'a negative length': Buffer.from('ffffff00', 'hex'),
    'a length of 2 GB': Buffer.from('7fffffff', 'hex'),
    'half a HEADER': frame('0000'),
    'an answer to nobody': frame(HEADER.replace('00000001', '00000077')),
    'an answer without its body': frame(HEADER),
    'data said to be of 2 GB': frame(`${HEADER}7ffffff000000000`),
    'a children list of a milliard': frame(`${HEADER}3b9aca00`),
    'an unknown error': frame('00000001' + '0000000000000005' + 'ffffff00'),
    noise: Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  };
  const asks: readonly Operation<unknown>[] = [getData('/'), getChildren('/'), multi([])];
  for (const [name, bytes] of Object.entries(hostile)) {
    for (const ask of asks) {
      const fake = await aServer((count) => [HELLO, frame(`${HEADER}000000012f`), asSecond(bytes)][count - 1]);
      const link = await open(fake.port);
      await assert.rejects(link.ask(ask), /./, name);
      link.destroy('done');
      await fake.close();
    }
  }
});

test('a server that has no time for the first question is let go of: nothing keeps its session alive', async () => {
  const throttled = '00000001' + '0000000000000005' + 'ffffff81'; // -127, to the question whether it has caught up
  const fake = await aServer((count) => [HELLO, frame(throttled)][count - 1]);
  await assert.rejects(open(fake.port), { code: 'THROTTLED_OP' });
  await eventually(fake.open, (count) => count === 0);
  await fake.close();
});
