import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { anArrival, type Coming } from '../support/arrival.ts';
import { aMesh } from '../support/mesh.ts';

type Written = NonNullable<PolicySections['authorize']>;

async function aGuarded(authorize: Written) {
  const world = await aMesh({ policy: { defaults: { authorize } } });
  return { ...world, comes: (coming: Coming) => world.mesh.receive(anArrival(coming)) };
}

const rulesOf = (...rules: readonly object[]) =>
  new PolicySet({ defaults: { authorize: { mode: 'enforce', rules } } }).for('orders').authorize.rules;

test('one text is a list of one, and what is not said is not asked', () => {
  const [first, second] = rulesOf({ notHeaders: { 'x-env': 'dev', 'x-b': ['a', 'b*'] } }, { notClaims: { role: [] } });
  assert.deepEqual(first!.notHeaders, { 'x-env': ['dev'], 'x-b': ['a', 'b*'] });
  assert.deepEqual([first!.notClaims, second!.notHeaders, second!.notClaims], [{}, {}, { role: [] }]);
});

test('what a not-form can not say is refused with its place, and the rules in force stay', async () => {
  const { mesh, comes } = await aGuarded({
    mode: 'enforce',
    rules: [{ action: 'deny', notHeaders: { 'x-env': '*' } }],
  });
  const push = (rule: object) => () => mesh.setPolicy({ defaults: { authorize: { mode: 'enforce', rules: [rule] } } });
  const at = String.raw`defaults\.authorize\.rules\[0\]`;
  for (const field of ['notHeaders', 'notClaims']) {
    for (const bad of ['', 'a*b', '*a*', '**', 7, null, ['a', ''], ['a', 7], { a: 'b' }]) {
      const refused = new RegExp(`${at}\\.${field}\\.x must be text such as 'a', .* a \\* only at one end, got `);
      assert.throws(push({ action: 'deny', [field]: { x: bad } }), refused, JSON.stringify(bad));
    }
    assert.throws(push({ [field]: 'x' }), new RegExp(`${at}\\.${field} must be an object, got 'x'`));
    assert.throws(push({ [field]: { '': 'x' } }), new RegExp(`${at}\\.${field}: a name must be the name of a `));
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, name) => [`x${name}`, 'a']));
    assert.throws(push({ [field]: many }), new RegExp(`${at}\\.${field} must be of 32 at most, got 33`));
  }
  for (const name of ['x env', 'x-env ', ':', 'x:y', 'é']) {
    assert.throws(push({ notHeaders: { [name]: 'a' } }), /a name must be the name of a header, such as 'x-env', got/);
  }
  assert.equal(await comes({}), 403);
  assert.equal(await comes({ headers: { 'x-env': 'prod' } }), 'served');
});

test('nor is a header or claim wanted that no request could have, as a deny of it would be for none', () => {
  for (const field of ['headers', 'claims']) {
    const refused = new RegExp(`rules\\[0\\]\\.${field}\\.x must be text such as 'a', .* a \\* only at one end, got `);
    for (const bad of ['', 'a*b', '*curl*', '**', 7, ['a']]) {
      assert.throws(() => rulesOf({ action: 'deny', [field]: { x: bad } }), refused, JSON.stringify(bad));
    }
    assert.throws(() => rulesOf({ [field]: { '': 'x' } }), /a name must be the name of a /);
  }
  assert.throws(
    () => rulesOf({ headers: { 'x env': 'a' } }),
    /a name must be the name of a header, such as 'x-env', got/,
  );
  assert.doesNotThrow(() => rulesOf({ headers: { ':authority': '*.example' }, claims: { 'https://id/role': 'a b' } }));
});

test('an allow of who must have no value at all would be for nobody, and is refused with what to say instead', () => {
  const written = (rule: object) => () => rulesOf({}, rule);
  assert.throws(
    written({ notHeaders: { 'x-debug': '*' } }),
    /rules\[1\]\.notHeaders\.x-debug: an allow is for who has it with another value, so '\*' would be for nobody; deny headers: \{ 'x-debug': '\*' \}$/,
  );
  assert.throws(
    written({ action: 'allow', observe: true, notClaims: { role: 'guest', act: ['x', '*'] } }),
    /rules\[1\]\.notClaims\.act: an allow .*; deny claims: \{ 'act': '\*' \}$/,
  );
  for (const action of ['deny', 'custom', 'audit']) {
    assert.doesNotThrow(written({ action, notHeaders: { 'x-debug': '*' }, notClaims: { act: '*' } }), action);
  }
});

test('a handler of its own is guarded in the same words, and a mistake in them is told at once', async () => {
  const { mesh } = await aMesh();
  assert.throws(
    () => mesh.handler({ authorize: { notClaims: { act: '*' } } }, () => new Response()),
    /handler\.authorize\[0\]\.notClaims\.act: an allow is for who has it/,
  );
  mesh.handler({ authorize: { action: 'deny', notClaims: { role: ['ops', 'sre'] } } }, () => new Response());
});

test('a rule that says what must not be is asked in advance, told, counted and observed as any other', async () => {
  const { mesh, comes, told } = await aGuarded({
    mode: 'enforce',
    rules: [
      { name: 'tenants', action: 'deny', paths: ['/orders/*'], notHeaders: { 'x-tenant': ['a', 'b'] } },
      { name: 'hosts', action: 'deny', headers: { host: 'admin.example' } },
      { name: 'odd', action: 'audit', notHeaders: { 'x-env': 'prod' } },
      { name: 'soon', action: 'deny', notClaims: { role: 'ops' }, observe: true },
    ],
  });
  const path = '/orders/7';
  const principal = { name: 'cart', claims: { role: 'ops' } };
  const say = (headers: Record<string, string>, more: object = {}) =>
    mesh.authorize.explain({ path, headers, principal, ...more });
  const otherwise = 'let in: no rule speaks of it, and otherwise is allow';
  assert.equal(await say({ 'x-tenant': 'b' }), otherwise);
  assert.equal(await say({ 'x-tenant': 'c' }), 'refused: tenants denies it');
  assert.equal(await say({}), 'refused: tenants denies it');
  assert.equal(await mesh.authorize.explain({ path, headers: new Headers({ 'X-Tenant': 'a' }), principal }), otherwise);
  assert.equal(await say({}, { path: '/' }), otherwise);
  const anonymous = { principal: undefined };
  assert.equal(
    await say({ 'x-tenant': 'a' }, anonymous),
    `${otherwise}; with the rules that observe refused: soon denies it`,
  );
  assert.equal(await comes({ path, headers: { 'x-tenant': 'a', 'x-env': 'prod' } }), 'served');
  assert.equal(await comes({ path, headers: { 'x-tenant': 'c', 'x-env': 'prod' } }), 403);
  assert.equal(await comes({ path, headers: { 'x-tenant': 'b' } }), 'served');
  assert.deepEqual(
    told('authorize').map(({ rule, allowed, enforced }) => [rule, allowed, enforced]),
    [
      ['soon', false, false],
      ['tenants', false, true],
      ['odd', true, true],
      ['soon', false, false],
    ],
  );
  assert.deepEqual(mesh.authorize.counts.tenants, { allowed: 0, refused: 1, observed: 0 });
  assert.deepEqual(mesh.authorize.counts.soon, { allowed: 0, refused: 0, observed: 2 });
});
