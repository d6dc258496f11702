import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicySections } from '../../src/policy/table.ts';
import { anArrival, type Coming } from '../support/arrival.ts';
import { aMesh } from '../support/mesh.ts';

type Written = NonNullable<PolicySections['authorize']>;

const NOBODY: Written = { mode: 'enforce', rules: [{ action: 'deny', name: 'nobody' }] };

/** A service whose routes have rules of their own, and what becomes of requests to it. */
async function aService(routes: Readonly<Record<string, Written>>, authorize: Written = { mode: 'off' }) {
  const own = Object.fromEntries(Object.entries(routes).map(([route, rules]) => [route, { authorize: rules }]));
  const world = await aMesh({ policy: { services: { checkout: { authorize, routes: own } } } });
  const comes = async (path: string, more: Coming = {}): Promise<unknown> => {
    const answer = await world.mesh.receive(anArrival({ ...more, path }));
    const said = await world.mesh.authorize.explain({ path, method: more.method ?? 'GET' });
    assert.match(said, answer === 'served' ? /^let in/ : /^refused/, path);
    return answer;
  };
  return { ...world, comes };
}

test('what a route guards is guarded in any spelling that a server might take for it', async () => {
  const { comes } = await aService({ 'GET /admin/{id}': NOBODY });
  for (const path of [
    '/admin/1',
    '/ADMIN/1',
    '/admin/1/',
    '//admin/1',
    '/admin//1',
    '/x/../admin/1',
    '/%61dmin/1',
    '/admin./1',
    '/admin/1?x=1',
    '/x/..%2fadmin/1',
    '/admin;a=b/1',
    '\\admin\\1',
  ])
    assert.equal(await comes(path), 403, path);
  for (const path of ['/', '/admin', '/admin/1/2', '/administration/1', '/orders/1', '/Orders/1/'])
    assert.equal(await comes(path), 'served', path);
});

test('what a route of a GET guards is guarded for HEAD, and in any case; not for other methods', async () => {
  const { comes } = await aService({ 'GET /admin/{id}': NOBODY, 'DELETE /orders/{id}': NOBODY });
  assert.equal(await comes('/admin/1', { method: 'HEAD' }), 403);
  assert.equal(await comes('/ADMIN/1', { method: 'HEAD' }), 403);
  assert.equal(await comes('/orders/1', { method: 'delete' }), 403);
  assert.equal(await comes('/admin/1', { method: 'POST' }), 'served');
  assert.equal(await comes('/admin%2f1', { method: 'POST' }), 'served');
});

test('a route that names HEAD is for HEAD alone, whatever guards the GET beside it', async () => {
  const { comes } = await aService({ 'GET /orders/{id}': NOBODY, 'HEAD /orders/{id}': { mode: 'off' } });
  assert.equal(await comes('/orders/1', { method: 'HEAD' }), 'served');
  assert.equal(await comes('/ORDERS/1', { method: 'HEAD' }), 'served');
  assert.equal(await comes('/orders/1'), 403);
});

test('what falls under a wider route by its spelling is asked by the rules of the narrower one as well', async () => {
  const { comes } = await aService({ '/admin/{rest*}': NOBODY, '/{rest*}': { mode: 'off' } }, NOBODY);
  assert.equal(await comes('/orders/1'), 'served');
  assert.equal(await comes('/ADMIN/1'), 403);
  assert.equal(await comes('/Admin'), 403);
});

test('a list is guarded where its path ends in a slash, and one of what it lists is open', async () => {
  const { comes } = await aService({ 'GET /orders': NOBODY, 'GET /orders/{id}': { mode: 'off' } });
  assert.equal(await comes('/orders/'), 403);
  assert.equal(await comes('/orders/1'), 'served');
});

test('what a route opens for one of a list is not the list, where its path ends in a slash', async () => {
  const { comes } = await aService({ 'GET /orders/{id}': { mode: 'off' } }, NOBODY);
  assert.equal(await comes('/orders/'), 403);
  assert.equal(await comes('/orders/1'), 'served');
});

test('what a route opens is not opened in a spelling that is unclear, nor in another', async () => {
  const { comes } = await aService({ 'GET /public/{rest*}': { mode: 'off' } }, NOBODY);
  assert.equal(await comes('/public/x'), 'served');
  for (const path of ['/PUBLIC/x', '/public/..%2fadmin', '/public/x;a=b', '/public/../admin', '/public/%00'])
    assert.equal(await comes(path), 403, path);
});

test('of routes that are told apart by case alone each has its own rules, and any other case those of both', async () => {
  const checkout: Written = { mode: 'enforce', rules: [{ headers: { 'x-as': 'small' } }] };
  const { mesh, comes } = await aService({ 'GET /users/{id}': checkout, 'GET /Users/{id}': { mode: 'off' } });
  const small = { headers: { 'x-as': 'small' } };
  assert.equal(await comes('/Users/1'), 'served');
  assert.equal(await comes('/users/1'), 403);
  assert.equal(await comes('/USERS/1'), 403);
  assert.equal(await mesh.receive(anArrival({ path: '/USERS/1', ...small })), 'served');
});

test('rules of a route that only observe refuse no other spelling either, and tell', async () => {
  const { comes, told } = await aService({ 'GET /admin/{id}': { ...NOBODY, mode: 'observe' } });
  assert.equal(await comes('/ADMIN/1'), 'served');
  assert.deepEqual(
    told('authorize').map(({ rule, allowed, enforced }) => [rule, allowed, enforced]),
    [['nobody', false, false]],
  );
});

test('routes that are only names, and routes without rules of their own, guard nothing', async () => {
  const { mesh } = await aMesh({
    policy: {
      services: {
        checkout: {
          routes: { admin: { authorize: NOBODY }, 'GET /admin/{id}': { deadline: { timeout: '1s' } } },
        },
      },
    },
  });
  assert.equal(await mesh.receive(anArrival({ path: '/ADMIN/1' })), 'served');
});

test('who asks why is told which route had a say', async () => {
  const { mesh } = await aService({ 'GET /admin/{id}': NOBODY });
  assert.equal(
    await mesh.authorize.explain({ path: '/ADMIN/1' }),
    "refused: nobody denies it, of 'GET /admin/{id}', which a server might take it for",
  );
  assert.equal(await mesh.authorize.explain({ path: '/admin/1' }), 'refused: nobody denies it');
});

test('rules that are changed while a request waits are for those that come after it', async () => {
  const { mesh } = await aService({ 'GET /admin/{id}': NOBODY });
  mesh.setPolicy({});
  assert.equal(await mesh.receive(anArrival({ path: '/ADMIN/1' })), 'served');
});
