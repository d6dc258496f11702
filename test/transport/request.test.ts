import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { aMesh } from '../support/mesh.ts';

test('a stream that nobody was sent is closed, also where a fallback answers', async () => {
  const fallback = { mode: 'answer', answer: { status: 202, body: 'later' } } as const;
  const { mesh } = await aMesh({ registry: { fixed: { orders: [] } }, policy: { defaults: { fallback } } });
  const sent = [Readable.from(['a']), new Blob(['a']).stream()] as const;
  for (const body of sent) {
    const answer = await mesh.request('http://orders/', { method: 'POST', body });
    assert.equal(answer.statusCode, 202);
    await answer.body.dump();
  }
  assert.equal(sent[0].destroyed, true);
  assert.deepEqual(await sent[1].getReader().read(), { done: true, value: undefined });
  await mesh.close();
});
