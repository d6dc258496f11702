import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError, type Reason, reasons } from '../../src/core/errors.ts';
import { problemOf, refusalOf } from '../../src/server/problem.ts';

const secret = 'http://10.0.0.5:3000 said: the password is 1234';

test('an error of the mesh has the status that says the same', () => {
  const status = (reason: Reason) => problemOf(new MeshError(reason, 'orders: no')).status;
  assert.deepEqual(
    (['no-endpoints', 'circuit', 'connect', 'deadline', 'attempt', 'caller', 'bug'] as const).map(status),
    [503, 503, 503, 504, 504, 499, 500],
  );
});

test('what our own code asked for wrongly is not the fault of who called', () => {
  assert.equal(problemOf(new MeshError('request', 'no such option')).status, 500);
  assert.equal(problemOf(new MeshError('policy', 'no such field')).status, 500);
});

test('any other error is our fault, whatever it says of itself', () => {
  for (const thrown of [
    new Error(secret),
    Object.assign(new Error(secret), { status: 200 }),
    secret,
    null,
    undefined,
  ]) {
    const { status, body } = problemOf(thrown);
    assert.equal(status, 500);
    assert.deepEqual(JSON.parse(body), {
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'INTERNAL',
    });
  }
});

test('neither messages nor causes nor endpoints get out', () => {
  for (const reason of Object.keys(reasons) as Reason[]) {
    const error = new MeshError(reason, secret, {
      cause: new Error(secret),
      endpoint: '10.0.0.5:3000',
      service: 'orders',
    });
    for (const { headers, body } of [problemOf(error), refusalOf(error)]) {
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.doesNotMatch(JSON.stringify(headers) + body, /1234|10\.0\.0\.5|orders/);
      assert.equal(typeof JSON.parse(body).title, 'string');
    }
  }
});

test('a call that failed is answered by its kind also where a client has made an error of its own of it', () => {
  const cause = new MeshError('no-endpoints', 'stock: no endpoints');
  const late = new MeshError('deadline', 'stock: 1s are up');
  assert.equal(problemOf(new TypeError('fetch failed', { cause })).status, 503);
  assert.equal(
    problemOf(Object.assign(new Error('stock: no endpoints', { cause }), { isAxiosError: true })).status,
    503,
  );
  assert.equal(problemOf(new TypeError('fetch failed', { cause: late })).status, 504);
  assert.equal(problemOf(new TypeError('fetch failed', { cause: new MeshError('request', 'no URL') })).status, 500);
  assert.equal(problemOf(new TypeError('fetch failed', { cause: new Error('reset') })).status, 500);
});

test('that we could not prove who we are to somebody else is no fault of who asked us', () => {
  assert.equal(problemOf(new MeshError('authenticate', 'stock: no token')).status, 500);
});
