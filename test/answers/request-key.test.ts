import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestKey } from '../../src/answers/request-key.ts';
import type { Call } from '../../src/core/call.ts';
import { History } from '../../src/core/context.ts';
import type { HeaderFields } from '../../src/core/kept.ts';
import { ANONYMOUS, type Principal } from '../../src/core/principal.ts';
import { fc } from '../support/fast-check.ts';
import { keeper } from './kept.ts';

const call = (more: Partial<Call<unknown>> & { fields?: HeaderFields } = {}): Call<unknown> => ({
  send: () => undefined,
  method: 'GET',
  path: '/',
  headers: {},
  request: { headers: more.fields, keeper },
  ...more,
});

const as = (principal: Principal): History => Object.assign(new History(), { principal });
const somebody = (name: string, issuer = 'us'): Principal => ({ ...ANONYMOUS, by: 'token', name, issuer });

test('the order in which headers are said does not matter', () => {
  assert.equal(
    requestKey(call({ fields: { a: '1', b: '2' } }), new History()),
    requestKey(call({ fields: { b: '2', a: '1' } }), new History()),
  );
});

test('for whom we ask matters, once that is proven', () => {
  const keys = [somebody('ann'), somebody('bob'), somebody('ann', 'them'), ANONYMOUS].map((one) =>
    requestKey(call(), as(one)),
  );
  assert.equal(new Set(keys).size, 4);
  assert.equal(requestKey(call(), new History()), keys[3], 'nobody is nobody');
});

test('what changes something, has a body, is not known or is too long has no key', () => {
  for (const odd of [
    call({ method: 'POST' }),
    call({ method: undefined }),
    call({ path: undefined }),
    call({ request: undefined }),
    call({ request: { headers: {}, keeper: undefined } }),
    call({ path: `/${'x'.repeat(10_000)}` }),
  ]) {
    assert.equal(requestKey(odd, new History()), undefined);
  }
});

test('two requests that differ in anything have different keys, whatever signs are in them', () => {
  const text = fc.string({ maxLength: 12 });
  const fields = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), text, { maxKeys: 3 });
  const request = fc.record({ path: text, fields });
  fc.assert(
    fc.property(request, request, (one, other) => {
      const same =
        one.path === other.path &&
        JSON.stringify(Object.entries(one.fields).sort()) === JSON.stringify(Object.entries(other.fields).sort());
      assert.equal(requestKey(call(one), new History()) === requestKey(call(other), new History()), same);
    }),
  );
});
