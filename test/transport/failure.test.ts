import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neverSent } from '../../src/transport/failure.ts';

const to = { service: 'orders', address: '10.0.0.1:3000', connectMs: 1_000, idleMs: 30_000 };
const said = (message: string, code = 'UND_ERR_INVALID_ARG'): string =>
  neverSent(Object.assign(new Error(message), { code }), to).message;

test('a header that can not be sent is named, with what is wrong with it', () => {
  for (const [theirs, ours] of [
    [
      'invalid x-user header',
      "the header 'x-user' has a value that no header may have: it must be text of Latin-1 in one line",
    ],
    ['invalid header key', 'a header has a name that no header may have'],
    ['invalid keep-alive header', "the header 'keep-alive' is for one connection and goes no further; leave it out"],
    [
      'invalid transfer-encoding header',
      "the header 'transfer-encoding' is for one connection and goes no further; leave it out",
    ],
    ['invalid upgrade header', "the header 'upgrade' is for one connection and goes no further; leave it out"],
    ['invalid content-length header', 'invalid content-length header'],
    ['invalid method', 'invalid method'],
  ] as const) {
    assert.equal(said(theirs), `orders: ${ours} (INVALID_ARGUMENT: request)`);
  }
  assert.equal(
    said('expect header not supported', 'UND_ERR_NOT_SUPPORTED'),
    'orders: expect header not supported (INVALID_ARGUMENT: request)',
  );
});
