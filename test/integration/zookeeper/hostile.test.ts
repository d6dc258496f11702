import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../../src/core/clock.ts';
import type { Link } from '../../../src/zookeeper/link.ts';
import { getChildren, getData, multi, type Operation } from '../../../src/zookeeper/operations.ts';
import { openLink } from '../../../src/zookeeper/socket-link.ts';

const open = (port: number): Promise<Link> =>
  openLink({
    ...{ server: { host: '127.0.0.1', port }, clock: systemClock, chroot: '', timeoutMs: 600, handshakeMs: 2_000 },
    ...{ key: undefined, zxid: 0n, digest: undefined, tls: undefined, onEvent: () => {}, onEnd: () => {} },
  });

test('whatever a server sends, nothing is thrown and nothing waits for ever (H19)', async () => {
  const greeting = Buffer.from('00000025000000000000a0000123456789abcdef00000010', 'hex');
  const hello = Buffer.concat([greeting, Buffer.alloc(17)]);
  const header = '00000001' + '0000000000000005' + '00000000'; // the answer to the first question
  const frame = (hex: string) => {
    const body = Buffer.from(hex, 'hex');
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length);
    return Buffer.concat([length, body]);
  };
  const asSecond = (bytes: Buffer) => Buffer.from(bytes.toString('hex').replace('00000001', '00000002'), 'hex');
  const hostile: Record<string, Buffer> = {
    'a length of nothing': Buffer.alloc(4),
    'a negative length': Buffer.from('ffffff00', 'hex'),
    'a length of 2 GB': Buffer.from('7fffffff', 'hex'),
    'half a header': frame('0000'),
    'an answer to nobody': frame(header.replace('00000001', '00000077')),
    'an answer without its body': frame(header),
    'data said to be of 2 GB': frame(`${header}7ffffff000000000`),
    'a children list of a milliard': frame(`${header}3b9aca00`),
    'an unknown error': frame('00000001' + '0000000000000005' + 'ffffff00'),
    noise: Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  };
  const asks: readonly Operation<unknown>[] = [getData('/'), getChildren('/'), multi([])];
  for (const [name, bytes] of Object.entries(hostile)) {
    for (const ask of asks) {
      const sockets = new Set<Socket>();
      const fake = createServer((socket) => {
        sockets.add(socket);
        let frames = 0;
        socket.on('error', () => {});
        socket.on('data', () => {
          frames++;
          if (frames === 1) socket.write(hello);
          if (frames === 2) socket.write(frame(`${header}000000012f`)); // the answer to sync
          if (frames === 3) socket.write(asSecond(bytes));
        });
      });
      await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
      const port = (fake.address() as { port: number }).port;
      const link = await open(port);
      await assert.rejects(link.ask(ask), /./, name);
      link.destroy('done');
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => fake.close(resolve));
    }
  }
});
