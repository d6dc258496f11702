// Why a call goes where it goes: what would become of it, and what became of those that failed.
import { createMesh } from 'inmesh';
import { serve } from './support/serve.ts';

const well = await serve((_, response) => void response.end('well'));
const sick = await serve((_, response) => void response.writeHead(500).end());

const mesh = await createMesh({
  service: 'checkout',
  registry: { fixed: { orders: [well.url, sick.url] } },
  policy: {
    services: {
      orders: {
        balance: { picker: 'round-robin' },
        outlier: { failures: 1, ejection: '30s' },
        routes: { 'GET /orders/{id}': { deadline: { timeout: '5s' } } },
      },
    },
  },
});

// What becomes of calls, as they end: here of those that came to a bad answer.
const failures = mesh.tap({ service: 'orders', match: { status: '5xx' } });
for (let call = 0; call < 2; call++) await (await mesh.request('http://orders/orders/42')).body.dump();
for await (const { route, attempts } of failures) {
  const [attempt] = attempts;
  const isSick = attempt!.endpoint === new URL(sick.url).host;
  console.log(`${route}: ${attempt!.why} from the ${isSick ? 'sick' : 'well'} one, ${attempt!.next!.is}`);
  break;
}

// What would become of the same call now. The text is made of the plan.
const request = { method: 'GET', path: '/orders/42' };
const { deadline, ways } = mesh.plan('orders', request);
const [first, second] = ways[0]!.endpoints;
console.log(
  `it has ${deadline.ms} ms, and would go to the ${first!.address === new URL(well.url).host ? 'well' : 'sick'} one`,
);
console.log(`the other: ${second!.passedOver}`);
console.log(mesh.explain('orders', request).replaceAll(/127.0.0.1:\d+/g, 'an endpoint'));

await mesh.close();
await well.close();
await sick.close();
