// Who calls, as proven: each service signs short-lived tokens with a key of its own, and rules say who may do what.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMesh } from 'inmesh';

// Once: a private key for `checkout` alone, and the public half for those it calls.
const folder = await mkdtemp(join(tmpdir(), 'keys-'));
const [ours, known] = [join(folder, 'checkout.pem'), join(folder, 'checkout.json')];
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
await writeFile(ours, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
await writeFile(known, JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }));

const orders = await createMesh({
  service: 'orders',
  registry: 'local:',
  identity: { issuers: [{ issuer: 'checkout', keys: known }] },
  policy: {
    services: {
      orders: {
        identify: { mode: 'enforce' },
        authorize: {
          mode: 'enforce',
          rules: [
            { name: 'read', methods: ['GET'], principals: ['*'] }, // anybody who is proven
            { name: 'cancel', methods: ['DELETE'], principals: ['ops'] },
          ],
        },
      },
    },
  },
});
orders.on((event) => {
  if (event.type === 'authorize' && !event.allowed)
    console.log(`${event.principal || 'somebody'}: ${event.method}, no`);
});
await orders.serve(createServer(orders.handler((_, { principal }) => new Response(`hello ${principal.name}`))));

const policy = { services: { orders: { authenticate: { mode: 'token' } } } } as const;
const checkout = await createMesh({
  service: 'checkout',
  registry: 'local:',
  identity: { token: { key: ours } },
  policy,
});
const stranger = await createMesh({ service: 'stranger', registry: 'local:' });

const hello = await checkout.fetch('http://orders/orders/42');
console.log(hello.status, await hello.text());
console.log((await checkout.fetch('http://orders/orders/42', { method: 'DELETE' })).status);
console.log((await stranger.fetch('http://orders/orders/42')).status);

for (const mesh of [checkout, stranger, orders]) await mesh.close();
await rm(folder, { recursive: true });
