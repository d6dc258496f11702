import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf } from '../../src/balancer/key.ts';
import { fixedRegistry } from '../../src/discovery/fixed.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { answer, testEnv } from '../../src/testing.ts';

const call = {
  path: '/orders/42?user=u%207&empty=',
  headers: { 'x-user': 'header', cookie: 'a=1; session=s1=; b=2' },
};

for (const [said, key] of [
  ['', undefined],
  ['path', '/orders/42'],
  ['header:x-user', 'header'],
  ['header:X-User', 'header'],
  ['header:x-other', undefined],
  ['cookie:session', 's1='],
  ['cookie:a', '1'],
  ['cookie:other', undefined],
  ['query:user', 'u 7'],
  ['query:empty', ''],
  ['query:other', undefined],
] as const) {
  test(`'${said}' of a call is ${key === undefined ? 'nothing' : `'${key}'`}`, () => {
    assert.equal(keyOf(said, call), key);
  });
}

test('what the client sends counts before what filters added, and several values are one key', () => {
  const request = { headers: { 'x-user': 'own', 'x-many': ['a', 'b'] }, keeper: undefined };
  assert.equal(keyOf('header:x-user', { ...call, request }), 'own');
  assert.equal(keyOf('header:x-many', { ...call, request }), 'a,b');
  assert.equal(keyOf('cookie:b', { ...call, request }), '2');
});

test('a call of which nothing is known has no key', () => {
  for (const said of ['path', 'header:x-user', 'cookie:session', 'query:user'])
    assert.equal(keyOf(said, {}), undefined);
});

test('calls of one user stay at one endpoint by policy alone, and what the caller says goes before', async () => {
  const env = testEnv();
  const urls = Array.from({ length: 10 }, (_, at) => `http://10.0.0.${at}:3000`);
  const policies = new PolicySet({
    defaults: { balance: { picker: 'ring-hash' }, hash: { key: 'header:x-user' } },
  });
  const mesh = new Mesh('checkout', env, fixedRegistry({ orders: urls }), policies, {});
  const where = async (user: string, key?: string) => {
    const found = new Set<string>();
    for (let turn = 0; turn < 20; turn++) {
      const send = ({ url }: { readonly url: string }) => {
        found.add(url);
        return answer(200);
      };
      await mesh.call('orders', send, { headers: user === '' ? {} : { 'x-user': user }, key });
    }
    return [...found];
  };
  const [one, other] = [await where('one'), await where('other')];
  assert.deepEqual([one.length, other.length], [1, 1]);
  assert.notDeepEqual(one, other);
  assert.deepEqual(await where('other', 'one'), one);
  assert.ok((await where('')).length > 3, 'without a key by chance');
  await mesh.close();
});
