import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discard, headerOf } from '../../src/core/outcome.ts';

test('a header is found in whatever shape headers have, and is a text or nothing', () => {
  assert.equal(headerOf({ headers: new Headers({ 'X-A': '1' }) }, 'x-a'), '1');
  assert.equal(headerOf({ headers: { 'x-a': '1' } }, 'x-a'), '1');
  assert.equal(headerOf({ headers: { 'x-a': ['1', '2'] } }, 'x-a'), undefined);
  assert.equal(headerOf({ headers: {} }, 'toString'), undefined);
  for (const odd of [undefined, null, 5, {}, { headers: null }, { headers: 'x' }])
    assert.equal(headerOf(odd, 'x-a'), undefined);
});

test('what nobody will read is let go of, in the way its client knows', async () => {
  const done: string[] = [];
  discard({ body: { dump: () => done.push('dump') } });
  discard({ body: { cancel: async () => done.push('cancel') } });
  discard({ body: { destroy: () => done.push('destroy') } });
  discard({ resume: () => done.push('resume') });
  assert.deepEqual(done, ['dump', 'cancel', 'destroy', 'resume']);
  const response = new Response('x');
  discard(response);
  assert.equal(await response.text().catch((error) => error.name), 'TypeError', 'the body of a fetch is cancelled');
});

test('letting go never fails, whatever it is', async () => {
  const fail = () => {
    throw new Error('no');
  };
  for (const odd of [
    undefined,
    null,
    5,
    'x',
    {},
    { body: null },
    { body: { dump: fail } },
    { body: { cancel: async () => fail() } },
    new Response(null),
  ]) {
    discard(odd);
  }
  const locked = new Response('x');
  locked.body!.getReader();
  discard(locked);
  await new Promise((resolve) => setImmediate(resolve)); // a rejection that nobody took would end the test
});
