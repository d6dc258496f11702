import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions } from '../../src/core/call.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { aTown } from '../support/town.ts';

type Route = NonNullable<PolicySections['route']>;

const ruled = (route: Route) => aTown({ services: { orders: { route } } });
const CANARY = [{ service: 'orders-canary' }];

const fits: Readonly<
  Record<
    string,
    readonly [rule: Omit<NonNullable<Route['rules']>[number], 'to'>, yes: CallOptions[], no: CallOptions[]]
  >
> = {
  'no condition': [{}, [{}, { method: 'GET', path: '/' }], []],
  'a method': [{ method: 'GET' }, [{ method: 'GET' }], [{}, { method: 'POST' }]],
  'a path': [
    { path: '/orders/{id}' },
    [{ path: '/orders/7' }, { method: 'PUT', path: '/orders/7?x=1' }],
    [{}, { path: '/orders' }, { path: '/orders/7/lines' }],
  ],
  'the rest of a path': [{ path: '/v2/{rest*}' }, [{ path: '/v2/a/b' }], [{ path: '/v1/a' }]],
  'a header': [
    { headers: { 'x-canary': 'yes' } },
    [{ headers: { 'x-canary': 'yes' } }],
    [{}, { headers: { 'x-canary': 'no' } }, { headers: { 'x-other': 'yes' } }],
  ],
  'any value of a header': [{ headers: { 'x-canary': '*' } }, [{ headers: { 'x-canary': '' } }], [{}]],
  'a parameter': [
    { query: { beta: '1' } },
    [{ path: '/a?x=2&beta=1' }],
    [{}, { path: '/a' }, { path: '/a?beta=2' }, { path: '/beta=1' }],
  ],
  'all that is said': [
    { method: 'GET', path: '/a', headers: { h: '1' }, query: { q: '*' } },
    [{ method: 'GET', path: '/a?q', headers: { h: '1' } }],
    [
      { method: 'POST', path: '/a?q', headers: { h: '1' } },
      { method: 'GET', path: '/b?q', headers: { h: '1' } },
      { method: 'GET', path: '/a?q', headers: { h: '2' } },
      { method: 'GET', path: '/a', headers: { h: '1' } },
    ],
  ],
};

for (const [what, [rule, yes, no]] of Object.entries(fits)) {
  test(`a rule of ${what} decides where it fits, and nowhere else`, async () => {
    const town = ruled({ rules: [{ ...rule, to: CANARY }] });
    for (const options of yes) assert.equal(await town.call(options), 'canary', JSON.stringify(options));
    for (const options of no) assert.notEqual(await town.call(options), 'canary', JSON.stringify(options));
    await town.end();
  });
}

test('the first rule that fits decides', async () => {
  const town = ruled({
    rules: [
      { name: 'stay', headers: { 'x-stay': '*' }, to: [{}] },
      { name: 'go', to: CANARY },
    ],
  });
  assert.notEqual(await town.call({ headers: { 'x-stay': '1' } }), 'canary');
  assert.equal(await town.call(), 'canary');
  assert.deepEqual(town.told(), [
    ['rule', '', 'stay'],
    ['rule', 'orders-canary', 'go'],
  ]);
  assert.match(
    town.mesh.explain('orders'),
    /route stay: 100 % to where it was sent\n +route go: 100 % to orders-canary/,
  );
  await town.end();
});

test('a call that goes elsewhere goes by the settings of that service, within the deadline that it had', async () => {
  const town = aTown({
    services: {
      orders: { deadline: { timeout: '3s' }, route: { rules: [{ to: CANARY }] } },
      'orders-canary': { retry: { attempts: 1 }, deadline: { timeout: '9s' } },
    },
  });
  let asked = 0;
  const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED', syscall: 'connect' });
  const fails = town.mesh.call('orders', ({ timeoutMs }) => {
    asked++;
    assert.equal(timeoutMs, 3_000);
    return Promise.reject(refused);
  });
  await assert.rejects(fails, refused);
  assert.equal(asked, 1);
  assert.deepEqual(
    town.env.told.flatMap((event) =>
      event.type === 'attempt' || event.type === 'call' ? [[event.type, event.service]] : [],
    ),
    [
      ['attempt', 'orders-canary'],
      ['call', 'orders'],
    ],
  );
  await town.end();
});

test('a rule may keep calls at endpoints with labels', async () => {
  const town = ruled({ rules: [{ to: [{ labels: { version: 'v2' } }] }] });
  for (let call = 0; call < 20; call++) assert.equal(await town.call(), 'v2');
  await town.end();
});

test('a split is by weight, and calls of one key are always on one side of it', async () => {
  const split = (canary: number): Route => ({
    rules: [{ to: [{ ...CANARY[0], weight: canary }, { weight: 100 - canary }] }],
  });
  const town = ruled(split(10));
  const sideOf = async (key: number) => (await town.call({ key: `user-${key}` })) === 'canary';
  const before: boolean[] = [];
  for (let key = 0; key < 5_000; key++) before.push(await sideOf(key));
  const share = before.filter(Boolean).length / before.length;
  assert.ok(Math.abs(share - 0.1) <= 0.01, `${share}`);
  for (let key = 0; key < 100; key++) assert.equal(await sideOf(key), before[key]);
  town.mesh.setPolicy({ services: { orders: { route: split(20) } } });
  let now = 0;
  for (let key = 0; key < 5_000; key++) {
    const side = await sideOf(key);
    if (side) now++;
    assert.ok(side || !before[key], 'a share that grows keeps those that it had');
  }
  assert.ok(Math.abs(now / 5_000 - 0.2) <= 0.01, `${now}`);
  await town.end();
});

test('two processes agree on which side a key is, and a header may be the key', async () => {
  const route: Route = { rules: [{ to: [...CANARY, {}] }], by: 'x-user' };
  const [one, other] = [ruled(route), aTown({ services: { orders: { route } } }, 'shipping')];
  for (let user = 0; user < 200; user++) {
    const options = { headers: { 'x-user': `u${user}` } };
    assert.equal((await one.call(options)) === 'canary', (await other.call(options)) === 'canary');
  }
  await Promise.all([one.end(), other.end()]);
});

test('without a key it is by chance, and a weight of 0 gets nothing', async () => {
  const town = ruled({ rules: [{ to: [{ weight: 3 }, ...CANARY, { service: 'nobody', weight: 0 }] }] });
  let canary = 0;
  for (let call = 0; call < 4_000; call++) if ((await town.call()) === 'canary') canary++;
  assert.ok(Math.abs(canary / 4_000 - 0.25) < 0.02, `${canary}`);
  await town.end();
});

test('what can not be the name of a service is refused with the policy', () => {
  assert.throws(
    () => ruled({ rules: [{ to: [{ service: '../x' }] }] }),
    /route.rules\[0\].to\[0\].service must be a name/,
  );
});
