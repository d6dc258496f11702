// A server that lists itself as an instance of `orders`, answers after a while, and remembers what it was asked.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMesh } from '../../../src/index.ts';
import { settings } from '../../support/processes.ts';

/** What it is told. */
export interface OrdersSettings {
  readonly registry: string;
  readonly answerMs: number;
  /** 0 takes any. */
  readonly port: number;
}

const { registry, answerMs, port } = settings<OrdersSettings>();
const HELD = 2;
const seen: string[] = [];
let held: ServerResponse[] | undefined; // what gets no answer for now, once it is told to hold what comes
const server = createServer((request, response) => {
  seen.push(String(request.headers['x-call']));
  request.resume();
  if (held !== undefined) {
    if (held.push(response) === HELD) process.send?.({ held: HELD });
    return;
  }
  setTimeout(answer, answerMs, response);
});
const answer = (response: ServerResponse): unknown => response.end(String(process.pid));
const mesh = await createMesh({ service: 'orders', registry });
server.listen(port, '127.0.0.1', async () => {
  const bound = (server.address() as AddressInfo).port;
  await mesh.announce({ host: '127.0.0.1', port: bound });
  process.send?.({ address: `127.0.0.1:${bound}` });
});
process.on('message', (told: { readonly hold?: boolean }) => {
  if (told.hold === undefined) return void process.send?.({ seen });
  for (const response of held ?? []) answer(response);
  held = told.hold ? [] : undefined;
});
process.on('disconnect', () => process.exit());
