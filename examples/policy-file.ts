// How calls behave stands in a file, which is put in force while calls go on. What is wrong with it is told, and refused.
import { readFile } from 'node:fs/promises';
import { createMesh, MeshError, type PolicyDocument } from 'inmesh';
import { serve } from './support/serve.ts';

const server = await serve((_request, response) => {
  setTimeout(() => response.end('at last'), 400); // slow, as ever
});
const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [server.url] } } });
mesh.on((event) => {
  if (event.type === 'policy') console.log(event.accepted ? 'another policy is in force' : `refused: ${event.problem}`);
});

async function ask(path: string): Promise<void> {
  try {
    const answer = await mesh.request(`http://orders${path}`);
    console.log(`${path}: ${await answer.body.text()}`);
  } catch (error) {
    console.log(`${path}: ${MeshError.is(error) ? error.message : error}`);
  }
}

await ask('/orders/42'); // 10 s, unless a policy says otherwise

const text = await readFile(new URL('policy.json', import.meta.url), 'utf8');
const before = ask('/orders/42'); // begun under the old policy, so it ends under it
mesh.setPolicy(JSON.parse(text) as PolicyDocument);
await before;
await ask('/orders/42'); // 150 ms now
await ask('/reports/2026'); // this route has 20 s

try {
  mesh.setPolicy(JSON.parse(text.replace('timeout', 'timout')) as PolicyDocument);
} catch {
  await ask('/orders/42'); // the one before stays in force
}

console.log(
  mesh
    .explain('orders', 'GET /reports/{year}')
    .split('\n')
    .find((line) => line.includes('deadline')),
);
await mesh.close();
await server.close();
