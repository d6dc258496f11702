import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grpcPushbackOf, grpcStatusOf } from '../../src/core/grpc.ts';
import { answer } from '../../src/testing.ts';

const metadata = (values: Readonly<Record<string, readonly unknown[]>>) => ({
  get: (name: string) => values[name] ?? [],
});
const thrown = (code: unknown, values = {}) => Object.assign(new Error('x'), { code, metadata: metadata(values) });

test('the status of gRPC is that of the headers, or of the error that grpc-js throws', () => {
  assert.equal(grpcStatusOf(answer(200, { 'grpc-status': '14' })), 14);
  assert.equal(grpcStatusOf(new Response(null, { headers: { 'grpc-status': '0' } })), 0);
  assert.equal(grpcStatusOf(thrown(13)), 13);
});

for (const [what, settled] of Object.entries({
  'an answer without one': answer(200),
  'one that is no number': answer(200, { 'grpc-status': 'UNAVAILABLE' }),
  'one that is too long': answer(200, { 'grpc-status': '141' }),
  'an error of Node': Object.assign(new Error('x'), { code: 'ECONNRESET' }),
  'a code that gRPC does not have': thrown(17),
  'a code that is no number': thrown('14'),
  'a number without metadata': Object.assign(new Error('x'), { code: 14 }),
  nothing: undefined,
  'a text': '14',
})) {
  test(`${what} is no status of gRPC`, () => assert.equal(grpcStatusOf(settled), undefined));
}

test('pushback is a wait, or the word that there should be no other try', () => {
  const both = (text: string) => [
    grpcPushbackOf(answer(200, { 'grpc-retry-pushback-ms': text })),
    grpcPushbackOf(thrown(14, { 'grpc-retry-pushback-ms': [text] })),
  ];
  assert.deepEqual(both('250'), [250, 250]);
  assert.deepEqual(both('0'), [0, 0]);
  assert.deepEqual(both('9999999999'), [300_000, 300_000], 'bounded like any wait that is asked for');
  for (const odd of ['-1', '', 'soon', '1.5', '99999999999']) assert.deepEqual(both(odd), ['never', 'never'], odd);
});

test('who says nothing of it leaves it to us', () => {
  for (const settled of [
    answer(200),
    thrown(14),
    thrown(14, { 'grpc-retry-pushback-ms': [Buffer.from('1')] }),
    undefined,
  ]) {
    assert.equal(grpcPushbackOf(settled), undefined);
  }
  assert.equal(grpcPushbackOf({ metadata: { get: 7 } }), undefined);
  assert.equal(grpcPushbackOf({ metadata: null }), undefined);
});
