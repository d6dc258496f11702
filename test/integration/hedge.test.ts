import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { createMesh } from '../../src/mesh/create.ts';
import { serve } from '../support/http.ts';

const policy = {
  defaults: { hedge: { mode: 'delay', delay: '100ms', budget: 1 }, balance: { picker: 'round-robin' } },
} as const;

/** Two servers, of which one answers no GET, and the other none before that one has got one; both are known by now. */
async function slowAndFast(t: TestContext) {
  const [asked, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const answers: RequestListener = (_, response) => void response.end('fast');
  const slow = await serve(t, (request, response) => {
    if (request.method !== 'GET') return answers(request, response);
    asked.resolve();
    response.on('close', () => left.resolve());
  });
  const fast = await serve(t, async (request, response) => {
    if (request.method === 'GET') await asked.promise; // or the slow one might lose before it has been asked
    answers(request, response);
  });
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [slow.url, fast.url] } }, policy });
  t.after(() => mesh.close());
  for (let call = 0; call < 2; call++) await (await mesh.request('http://orders/', { method: 'POST' })).body.text();
  const attempts: string[] = [];
  mesh.on((event) => {
    if (event.type !== 'attempt') return;
    attempts.push(`${fast.url.endsWith(event.endpoint) ? 'fast' : 'slow'} ${event.outcome} ${event.why}`);
  });
  return { slow, fast, mesh, attempts, left: left.promise };
}

/** Every request that went to the slow one was called off; on a machine that is busy there may be more than one. */
function lostBySlow(attempts: readonly string[]): void {
  const [fast, slow] = [
    attempts.filter((one) => one.startsWith('fast')),
    attempts.filter((one) => one.startsWith('slow')),
  ];
  assert.equal(fast.filter((one) => one.startsWith('fast success')).length, 2);
  assert.deepEqual(new Set(slow), new Set(['slow none hedge']));
}

test('hedging closes the socket of the loser, and the answer of the winner can be read', async (t) => {
  const { slow, fast, mesh, attempts, left } = await slowAndFast(t);
  for (let call = 0; call < 2; call++) {
    const answer = await mesh.request('http://orders/'); // by turns, so that one of the two begins at the slow one
    assert.equal(await answer.body.text(), 'fast');
    assert.equal(answer.endpoint, fast.url);
  }
  await Promise.all([left, slow.disconnected]);
  lostBySlow(attempts);
  const loser = mesh.snapshot().clusters[0]!.endpoints.find(({ address }) => slow.url.endsWith(address));
  assert.equal(loser!.inFlight, 0);
  assert.equal(loser!.failuresInARow, 0);
});

test('a client of the caller’s own, such as fetch, is called off by its signal', async (t) => {
  const { mesh, attempts, left } = await slowAndFast(t);
  const get = () =>
    mesh.call('orders', async ({ url, headers, signal }) => (await fetch(url, { headers, signal })).text(), {
      method: 'GET',
    });
  assert.deepEqual([await get(), await get()], ['fast', 'fast']);
  await left;
  lostBySlow(attempts);
});
