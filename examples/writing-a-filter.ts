// A filter of your own: signs every call, so that the other side knows who asks.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Call, createMesh, type Filter } from 'inmesh';
import { serve } from './support/serve.ts';

const KEY = 'a secret of both sides';
const sign = (method = '', path = ''): Buffer => createHmac('sha256', KEY).update(`${method} ${path}`).digest();

/** Not async, changes nothing that it was given, and returns what `next` returns. */
const signed: Filter<Call<unknown>, unknown> = (next) => (call, context) => {
  const signature = sign(call.method, call.path).toString('base64url');
  return next({ ...call, headers: { ...call.headers, 'x-signature': signature } }, context);
};

const server = await serve(({ method, url, headers }, response) => {
  const given = Buffer.from(String(headers['x-signature'] ?? ''), 'base64url');
  const wanted = sign(method, url);
  response.statusCode = given.length === wanted.length && timingSafeEqual(given, wanted) ? 200 : 401;
  response.end();
});

const registry = { fixed: { orders: [server.url] } };
const mesh = await createMesh({
  service: 'checkout',
  registry,
  stacks: { cluster: (stack) => stack.before('retry', { name: 'signed', filter: signed }) }, // once, however many tries
});
const stranger = await createMesh({ service: 'stranger', registry });

console.log(`with the filter: ${(await mesh.request('http://orders/orders/42')).statusCode}`);
console.log(`without it: ${(await stranger.request('http://orders/orders/42')).statusCode}`);
console.log(
  mesh
    .explain('orders')
    .split('\n')
    .filter((line) => /signed|retry/.test(line))
    .join('\n'),
);

await mesh.close();
await stranger.close();
await server.close();
