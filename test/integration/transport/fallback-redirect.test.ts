import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';
import { echo, type Seen, serve } from '../../support/http.ts';

/** A mesh in which `orders` is nowhere and `stock` says what it was asked, and a stream of which one can tell its end. */
async function aWorld(t: TestContext) {
  const stock = await serve(t, echo);
  const mesh = await createMesh({
    service: 'shop',
    registry: { fixed: { orders: [], stock: [stock.url] } },
    policy: { defaults: { transport: { replay: 0 } } }, // nothing is kept of a stream
  });
  t.after(() => mesh.close());
  const closed = Promise.withResolvers<void>();
  const parts = ['the ', 'whole ', 'of it'];
  const body = new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(Buffer.from(part));
    },
    cancel: () => closed.resolve(),
  });
  const post = (status: number, location: string): Promise<Response> => {
    const fallback = () => ({ status, headers: { location } });
    return mesh.fetch('http://orders/a', { method: 'POST', body, duplex: 'half', mesh: { fallback } });
  };
  return { post, closed: closed.promise };
}

test('a fallback that sends a request on sends the stream along that it was to be made of', async (t) => {
  const { post } = await aWorld(t);
  const { method, url, body } = (await (await post(307, 'http://stock/b')).json()) as Seen;
  assert.deepEqual({ method, url, body }, { method: 'POST', url: '/b', body: 'the whole of it' });
});

test('where it is sent on without a body, or nowhere, the stream is closed', async (t) => {
  const asGet = await aWorld(t);
  const { method, body } = (await (await asGet.post(303, 'http://stock/b')).json()) as Seen;
  assert.deepEqual({ method, body }, { method: 'GET', body: '' });
  await asGet.closed;
  const nowhere = await aWorld(t);
  await assert.rejects(nowhere.post(307, 'http://10.0.0.1:8080/b'), TypeError);
  await nowhere.closed;
  const round = await aWorld(t);
  await assert.rejects(round.post(307, 'http://orders/a'), ({ cause }) => /more than 20 redirects/.test(`${cause}`));
  await round.closed;
});
