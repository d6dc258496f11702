import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { ANONYMOUS } from '../../src/core/principal.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { judgeRequest } from '../../src/server/authorizer.ts';
import type { Asked } from '../../src/server/rules.ts';
import { anArrival, type Coming } from '../support/arrival.ts';
import { aMesh } from '../support/mesh.ts';

type Written = NonNullable<PolicySections['authorize']>;

const ADMIN = { action: 'deny', name: 'no-admin', paths: ['/admin/*'] } as const;

async function aGuarded(authorize: Written) {
  const world = await aMesh({ policy: { defaults: { authorize } } });
  return { ...world, comes: (coming: Coming) => world.mesh.receive(anArrival(coming)) };
}

test('who may not come is answered 403, and a rule, a name and no more is told', async () => {
  const { comes, told } = await aGuarded({ mode: 'enforce', rules: [ADMIN] });
  assert.equal(await comes({ path: '/orders' }), 'served');
  assert.equal(await comes({ path: '/admin/x?token=secret', method: 'POST' }), 403);
  const [refused] = told('refused');
  assert.deepEqual([refused!.reason, refused!.enforced], ['authorize', true]);
  assert.deepEqual(told('authorize'), [
    {
      at: refused!.at,
      type: 'authorize',
      service: 'checkout',
      route: '',
      method: 'POST',
      principal: '',
      by: 'nothing',
      rule: 'no-admin',
      allowed: false,
      enforced: true,
    },
  ]);
});

test('a policy that observes never refuses, and tells what it would have refused', async () => {
  const { mesh, comes, told } = await aGuarded({ mode: 'observe', rules: [ADMIN], otherwise: 'deny' });
  for (const path of ['/admin/x', '/orders', '/']) assert.equal(await comes({ path }), 'served');
  assert.deepEqual(
    told('authorize').map(({ rule, allowed, enforced }) => [rule, allowed, enforced]),
    [
      ['no-admin', false, false],
      ['', false, false],
      ['', false, false],
    ],
  );
  assert.deepEqual(mesh.authorize.counts, {
    'no-admin': { allowed: 0, refused: 0, observed: 1 },
    '': { allowed: 0, refused: 0, observed: 2 },
  });
});

test('a rule that observes changes nothing, and tells what it would change', async () => {
  const { mesh, comes, told } = await aGuarded({
    mode: 'enforce',
    rules: [
      { ...ADMIN, observe: true },
      { name: 'all', paths: ['/*'] },
    ],
  });
  assert.equal(await comes({ path: '/admin/x' }), 'served');
  assert.equal(await comes({ path: '/orders' }), 'served');
  assert.deepEqual(
    told('authorize').map(({ rule, allowed, enforced }) => [rule, allowed, enforced]),
    [['no-admin', false, false]],
  );
  assert.deepEqual(mesh.authorize.counts['no-admin'], { allowed: 0, refused: 0, observed: 1 });
  assert.deepEqual(mesh.authorize.counts.all, { allowed: 2, refused: 0, observed: 0 });
});

test('an audit tells of what it speaks of, let in or not', async () => {
  const { comes, told } = await aGuarded({
    mode: 'enforce',
    rules: [ADMIN, { action: 'audit', name: 'writes', methods: ['POST'] }],
  });
  assert.equal(await comes({ method: 'POST' }), 'served');
  assert.equal(await comes({ method: 'POST', path: '/admin/' }), 403);
  assert.deepEqual(
    told('authorize').map(({ rule, allowed }) => [rule, allowed]),
    [
      ['writes', true],
      ['writes', false],
      ['no-admin', false],
    ],
  );
});

test('a bad push of rules is refused whole, and the old rules stay', async () => {
  const { mesh, comes } = await aGuarded({ mode: 'enforce', rules: [ADMIN] });
  const push = (rule: object) => () => mesh.setPolicy({ defaults: { authorize: { mode: 'enforce', rules: [rule] } } });
  assert.throws(
    push({ action: 'permit' }),
    /rules\[0\]\.action must be one of 'allow', 'deny', 'audit', 'custom', got 'permit'/,
  );
  assert.throws(push({ addresses: ['10.0.0.0/99'] }), /rules\[0\]\.addresses must be a list of addresses such as/);
  // What a pattern can not say is refused, and does not quietly say less.
  for (const bad of ['', 'a*b', '*a*', '**']) assert.throws(push({ principals: [bad] }), /a \* only at one end/, bad);
  for (const bad of ['orders', '/a*b', '/a/{x*}/b', '/a/{x', '/a/*/b', '/a b']) {
    assert.throws(push({ action: 'deny', paths: [bad] }), /paths must be a list of paths/, bad);
  }
  assert.throws(push({ principal: ['x'] }), /rules\[0\]\.principal: no such field; there are name, action/);
  assert.equal(await comes({ path: '/admin/x' }), 403);
  mesh.setPolicy({});
  assert.equal(await comes({ path: '/admin/x' }), 'served');
});

test('the address of the other end is what addresses speak of', async () => {
  const { comes } = await aGuarded({ mode: 'enforce', rules: [{ addresses: ['127.0.0.0/8'] }] });
  assert.equal(await comes({ peer: '::ffff:127.0.0.1' }), 'served');
  assert.equal(await comes({ peer: '10.0.0.1' }), 403);
  assert.equal(await comes({ peer: '10.0.0.1', headers: { 'x-forwarded-for': '127.0.0.1' } }), 403);
});

test('what the rules would say of a request can be asked, and counts nothing', async () => {
  const { mesh } = await aGuarded({
    mode: 'enforce',
    rules: [
      ADMIN,
      { name: 'known', principals: ['cart'] },
      { name: 'soon', action: 'deny', methods: ['PUT'], observe: true },
    ],
  });
  const principal = { name: 'cart' };
  assert.equal(await mesh.authorize.explain({ path: '/admin/x' }), 'refused: no-admin denies it');
  assert.equal(await mesh.authorize.explain({ path: '/' }), 'refused: no rule that allows fits it');
  assert.equal(await mesh.authorize.explain({ path: '/', principal }), 'let in: known allows it');
  assert.equal(
    await mesh.authorize.explain({ path: '/', method: 'PUT', principal }),
    'let in: known allows it; with the rules that observe refused: soon denies it',
  );
  assert.deepEqual(mesh.authorize.counts, {});
  mesh.setPolicy({});
  assert.equal(await mesh.authorize.explain({ path: '/admin/x' }), 'let in: authorize.mode is off');
});

test('a rule asks somebody else, whose no is no; whose silence is no unless told otherwise', async () => {
  const judge = async (
    check: () => Promise<boolean>,
    more: Written = {},
    rules: Written['rules'] = [{ action: 'custom', name: 'ask' }],
  ) => {
    const settings = new PolicySet({
      defaults: { authorize: { mode: 'enforce', check: 'http://authz/check', rules, ...more } },
    }).for('orders').authorize;
    const asked = { principal: { name: '' }, method: 'GET', path: '/', headers: {}, address: '' } as unknown as Asked;
    const { verdict } = await judgeRequest(settings, asked, check);
    return [verdict.allowed, verdict.why];
  };
  const yes = () => Promise.resolve(true);
  const away = () => Promise.reject(new MeshError('deadline', 'authz: 200ms are up'));
  assert.deepEqual(await judge(yes), [true, 'no rule speaks of it, and otherwise is allow']);
  assert.deepEqual(await judge(() => Promise.resolve(false)), [false, 'ask asked, and the answer was no']);
  assert.deepEqual(await judge(away), [false, 'ask asked, and there was no answer']);
  assert.deepEqual((await judge(away, { whenAway: 'allow' }))[0], true);
  assert.deepEqual(await judge(yes, { check: '' }), [false, 'ask asks a check, and the policy names none']);
  assert.deepEqual(await judge(yes, {}, [{ action: 'custom' }, { action: 'deny', name: 'never' }]), [
    false,
    'never denies it',
  ]);
});

test('a rule that asks and only observes changes nothing, and its no is told; audits are told, too', async () => {
  const judged = await judgeRequest(
    new PolicySet({
      defaults: {
        authorize: {
          mode: 'enforce',
          check: 'http://authz/check',
          rules: [
            { action: 'custom', name: 'soon', observe: true },
            { action: 'audit', name: 'all' },
          ],
        },
      },
    }).for('orders').authorize,
    { principal: { name: '' }, method: 'GET', path: '/', headers: {}, address: '' } as unknown as Asked,
    () => Promise.resolve(false),
  );
  assert.equal(judged.verdict.allowed, true);
  const { verdict, observed, audits } = await judged.later!;
  assert.equal(verdict.allowed, true);
  assert.deepEqual([observed.allowed, observed.rule], [false, 'soon']);
  assert.deepEqual(audits, ['all']);
});

test('what is refused anyhow is asked nobody about, and a question of a check is answered without another', async () => {
  let asked = 0;
  const check = () => {
    asked++;
    return Promise.resolve(true);
  };
  const judge = async (rules: Written['rules'], headers: Record<string, string> = {}) => {
    const { authorize } = new PolicySet({
      defaults: { authorize: { mode: 'enforce', check: 'http://authz/check', whenAway: 'allow', rules } },
    }).for('orders');
    const request = { principal: ANONYMOUS, method: 'GET', path: '/', headers, address: '' };
    const { verdict } = await judgeRequest(authorize, request, check);
    return [verdict.allowed, verdict.why, asked];
  };
  const ask = { action: 'custom', name: 'ask' } as const;
  assert.deepEqual(await judge([ask, { action: 'deny', name: 'never' }]), [false, 'never denies it', 0]);
  assert.deepEqual(await judge([ask, { principals: ['*'] }]), [false, 'no rule that allows fits it', 0]);
  assert.deepEqual(await judge([ask], { 'x-inmesh-check': '1' }), [false, 'ask asks no check about a check', 0]);
  assert.deepEqual(
    await judge([
      { ...ask, observe: true },
      { action: 'deny', observe: true },
    ]),
    [true, 'no rule speaks of it, and otherwise is allow', 1],
  );
});

test('of rules that ask one that decides is heeded, wherever it stands, and so is the no that one would have met that observes', async () => {
  const judge = async (rules: Written['rules'], answer: boolean) => {
    const { authorize } = new PolicySet({
      defaults: { authorize: { mode: 'enforce', check: 'http://authz/check', rules } },
    }).for('orders');
    const asked = { principal: ANONYMOUS, method: 'GET', path: '/', headers: {}, address: '' };
    const judged = await judgeRequest(authorize, asked, () => Promise.resolve(answer));
    const { observed } = (await judged.later) ?? judged;
    return [judged.verdict.allowed, observed.allowed, observed.rule];
  };
  const soon = { action: 'custom', name: 'soon', observe: true } as const;
  const ask = { action: 'custom', name: 'ask' } as const;
  for (const rules of [
    [soon, ask],
    [ask, soon],
  ]) {
    assert.deepEqual(await judge(rules, false), [false, false, 'ask']);
    assert.deepEqual(await judge(rules, true), [true, true, '']);
  }
  // Refused now, let in by a rule that observes, if it were not for who is asked.
  const others = [
    { name: 'ops', principals: ['ops'] },
    { name: 'all', observe: true },
  ] as const;
  assert.deepEqual(await judge([soon, ...others], false), [false, false, 'soon']);
  assert.deepEqual(await judge([soon, ...others], true), [false, true, 'all']);
});

test('only a URL of a service is a check', () => {
  const written = (check: string) => () => new PolicySet({ defaults: { authorize: { check } } });
  for (const check of ['authz', 'https://authz', 'http:///x', 'http://authz']) {
    assert.throws(written(check), /authorize\.check must be a URL such as 'http:\/\/authz\/check'/, check);
  }
  assert.doesNotThrow(written('http://authz/check'));
});

test('a path that may be one of another route falls under none: the rules of the service stand', async () => {
  const { mesh, env } = await aMesh({
    policy: {
      services: {
        checkout: {
          authorize: { mode: 'enforce', rules: [ADMIN] },
          routes: { 'GET /public/{rest*}': { authorize: { mode: 'off' } } },
        },
      },
    },
  });
  const comes = (path: string) => mesh.receive(anArrival({ path }));
  assert.equal(await comes('/public/admin/x'), 'served');
  for (const path of ['/admin/x', '/public/../admin/x', '/public/%2e%2e/admin/x', '/public//../../admin/x']) {
    assert.equal(await comes(path), 403, path);
    assert.match(await mesh.authorize.explain({ path }), /no-admin denies it/);
  }
  await mesh.close();
  assert.equal(env.clock.pending, 0);
});

test('a rule whose path no request is read as, or is written in a way that is not plain, is refused with its place', async () => {
  const { mesh } = await aGuarded({ mode: 'enforce', rules: [ADMIN] });
  for (const path of [
    '/a//b',
    '/a/../b',
    '/a/.',
    '/%61dmin',
    '/a%2fb',
    '/a;b',
    '/a?b',
    '/a#b',
    '/a\\b',
    '/a%zz',
    'a',
  ]) {
    assert.throws(
      () => mesh.setPolicy({ defaults: { authorize: { rules: [{ paths: [path] }] } } }),
      /defaults\.authorize\.rules\[0\]\.paths must be a list of paths/,
      path,
    );
  }
  assert.match(await mesh.authorize.explain({ path: '/admin/x' }), /no-admin denies it/); // those in force stay
  await mesh.close();
});
