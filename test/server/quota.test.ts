import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicySet } from '../../src/policy/policy.ts';
import type { Problem } from '../../src/server/problem.ts';
import { aContext, FakeRegistry } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';
import { type Asks, arrivalOf, guarded, type Requests } from './quota-world.ts';

test('who asks for more than its quota is told how much there is and when to come again', async () => {
  const { env, ask, times } = guarded([{ name: 'per-caller', rate: '10/s', burst: 3 }]);
  assert.equal(await times(3, { principal: 'checkout' }), 3);
  const { status, headers, body } = (await ask({ principal: 'checkout' })) as Problem;
  assert.equal(status, 429);
  assert.deepEqual(headers, {
    'content-type': 'application/problem+json',
    'retry-after': '1',
    'ratelimit-policy': '"per-caller";q=10;w=1',
    ratelimit: '"per-caller";r=0;t=1',
  });
  assert.deepEqual(JSON.parse(body), {
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
    title: 'Too Many Requests',
    status: 429,
    code: 'RESOURCE_EXHAUSTED',
    detail: 'More was asked for than the quota allows in its time.',
    'violated-policies': ['per-caller'],
  });
  assert.deepEqual(
    env.told.map((event) => (event.type === 'refused' ? [event.service, event.reason, event.enforced] : [])),
    [['orders', 'quota', true]],
  );
  await env.clock.advance(100);
  assert.equal(await times(5, { principal: 'checkout' }), 1);
});

test('who is over several quotas is told when all of them have room again', async () => {
  const { env, ask, times } = guarded([
    { name: 'second', rate: '2/s' },
    { name: 'hour', rate: '2/h' },
    { name: 'minute', rate: '2/m' },
  ]);
  assert.equal(await times(2), 2);
  const { headers, body } = (await ask()) as Problem;
  const again = headers['retry-after']!;
  assert.match(again, /^180[01]$/);
  assert.equal(headers.ratelimit, `"hour";r=0;t=${again}`);
  assert.deepEqual(JSON.parse(body)['violated-policies'], ['hour']);
  await env.clock.advance(Number(again) * 1_000);
  assert.equal(await ask(), 'served');
});

test('a rate that is lowered while all of it was used up is what is let in from then on', async () => {
  const limited = (rate: string) =>
    ({
      services: { checkout: { quota: { requests: [{ name: 'all', rate, per: 'all' }] } } },
    }) as const;
  const { mesh, env } = await aMesh({ policy: limited('1000/s') });
  const served = async (many: number) => {
    const answers = await Promise.all(Array.from({ length: many }, () => mesh.receive(arrivalOf({}))));
    return answers.filter((answer) => answer === 'served').length;
  };
  assert.equal(await served(1_100), 1_000);
  mesh.setPolicy(limited('10/m'));
  assert.equal(await served(5), 0);
  await env.clock.advance(60_000);
  assert.equal(await served(20), 10);
  await mesh.close();
});

test('a route of the policy that has rules of its own counts by itself, and one that has none with the service', async () => {
  const two = { requests: [{ rate: '2/h', per: 'all' }] } as const;
  const { mesh } = await aMesh({
    policy: {
      services: {
        checkout: {
          quota: { requests: [{ rate: '4/h', per: 'all' }] },
          routes: { 'GET /a': { quota: two }, 'GET /b': { quota: two }, 'GET /c': { deadline: { timeout: '1s' } } },
        },
      },
    },
  });
  const served = async (path: string) => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => mesh.receive({ ...arrivalOf({}), path })));
    return answers.filter((answer) => answer === 'served').length;
  };
  assert.deepEqual([await served('/a'), await served('/b'), await served('/c'), await served('/d')], [2, 2, 4, 0]);
  await mesh.close();
});

const apart: Readonly<Record<string, readonly [rule: Requests[number], one: Asks, other: Asks]>> = {
  principal: [{ rate: '10/s', burst: 2 }, { principal: 'a' }, { principal: 'b' }],
  route: [{ rate: '10/s', burst: 2, per: 'route' }, { route: 'GET /a' }, { route: 'GET /b' }],
  address: [{ rate: '10/s', burst: 2, per: 'address' }, { address: '10.0.0.1' }, { address: '10.0.0.2' }],
  header: [
    { rate: '10/s', burst: 2, per: 'header', of: 'X-Tenant' },
    { headers: { 'x-tenant': 'a' } },
    { headers: { 'x-tenant': 'b' } },
  ],
  claim: [
    { rate: '10/s', burst: 2, per: 'claim', of: 'plan' },
    { principal: 'a', claims: { plan: 'free' } },
    { principal: 'a', claims: { plan: 7 } },
  ],
};

for (const [per, [rule, one, other]] of Object.entries(apart)) {
  test(`each ${per} has a count of its own, and those of whom it is not known share one`, async () => {
    const { times } = guarded([rule]);
    assert.equal(await times(5, one), 2);
    assert.equal(await times(5, other), 2);
    assert.equal(await times(5, one), 0);
    assert.equal(await times(5), 2);
    assert.equal(await times(5, { headers: { 'x-other': 'a' } }), 0);
  });
}

test('who comes from any address of one IPv6 network is one', async () => {
  const { times } = guarded([{ rate: '10/s', burst: 2, per: 'address' }]);
  assert.equal(await times(2, { address: '2001:db8:1:2::1' }), 2);
  assert.equal(await times(2, { address: '2001:db8:1:2:ffff::7' }), 0);
  assert.equal(await times(2, { address: '2001:db8:1:3::1' }), 2);
});

test('a rule for all counts all together, and every rule has to let a request in', async () => {
  const { quotas, times } = guarded([
    { name: 'all', rate: '10/s', burst: 3, per: 'all' },
    { name: 'each', rate: '10/s', burst: 2 },
  ]);
  assert.equal(await times(9, { principal: 'a' }), 2);
  assert.equal(await times(9, { principal: 'b' }), 1, 'who is over its own quota takes nothing from the others');
  assert.deepEqual(
    quotas.facts(new PolicySet({ defaults: { quota: { requests: [{ name: 'all', rate: '10/s' }] } } }).for('orders')),
    [{ rule: 'all', rate: '10/s', per: 'principal', mode: 'enforce', among: 1, passed: 3, waited: 0, refused: 8 }],
  );
});

test('an answer says how much is left, so that who listens need not be refused', async () => {
  const { env, quotas } = guarded([]);
  const requests: Requests = [
    { name: 'all', rate: '1000/m', per: 'all' },
    { name: 'each', rate: '100/s', burst: 10 },
    { name: 'seen', rate: '1000/s', mode: 'observe' },
  ];
  const context = { ...aContext(), policy: new PolicySet({ defaults: { quota: { requests } } }).for('orders') };
  const fields: Record<string, string> = {};
  const remark = (name: string, value: string) => {
    fields[name] = value;
  };
  for (let request = 0; request < 4; request++) await quotas.admit({ ...arrivalOf({}), remark }, context);
  assert.deepEqual(fields, {
    'ratelimit-policy': '"all";q=1000;w=60, "each";q=100;w=1',
    ratelimit: '"all";r=1000;t=1, "each";r=100;t=1', // what drains until the second is over is left as well
  });
  await env.clock.advance(100);
  for (let request = 0; request < 6; request++) await quotas.admit({ ...arrivalOf({}), remark }, context);
  assert.equal(fields.ratelimit, '"all";r=999;t=1, "each";r=98;t=1');
});

test('unless told otherwise as many may come at once as the rate says', async () => {
  const { times } = guarded([{ rate: '20/m', per: 'all' }]);
  assert.equal(await times(50), 20);
});

test('where it is only observed all are served, and what would have been refused is told', async () => {
  const { env, times } = guarded([{ rate: '10/s', burst: 2, mode: 'observe' }]);
  assert.equal(await times(5), 5);
  assert.deepEqual(
    env.told.map((event) => event.type === 'refused' && event.enforced),
    [false, false, false],
  );
  assert.equal(await guarded([{ rate: '1/h', mode: 'off' }]).times(5), 5);
});

test('however many strangers come, what is kept of them is bounded', async () => {
  const { quotas, ask } = guarded([{ rate: '10/s', per: 'header', of: 'x-tenant' }]);
  for (let stranger = 0; stranger < 12_000; stranger++) await ask({ headers: { 'x-tenant': `${stranger}` } });
  assert.equal(quotas.size, 10_000);
});

test('what is long is told apart as well', async () => {
  const { times } = guarded([{ rate: '10/s', burst: 1, per: 'header', of: 'x-tenant' }]);
  const long = 'x'.repeat(8_000);
  assert.equal(await times(3, { headers: { 'x-tenant': `${long}a` } }), 1);
  assert.equal(await times(3, { headers: { 'x-tenant': `${long}b` } }), 1);
});

test('divided over the instances each lets its part through, at once when there are more or fewer', async () => {
  const siblings = { count: 1, known: 1 };
  const { env, times } = guarded([{ rate: '100/s', burst: 20, per: 'all', share: 'fleet' }], { siblings });
  assert.equal(await times(50), 20);
  siblings.count = 4;
  await env.clock.advance(10_000);
  assert.equal(await times(50), 5);
  await env.clock.advance(1_000);
  let served = 0;
  for (let ms = 0; ms < 1_000; ms += 10) {
    served += await times(3);
    await env.clock.advance(10);
  }
  assert.ok(served >= 25 && served <= 30, `${served}`);
});

test('a burst that is smaller than the fleet is one for each instance, so that none is shut', async () => {
  for (const more of [{}, { store: { name: 'away', take: () => Promise.reject(new Error('away')) } }]) {
    const share = 'store' in more ? 'redis' : 'fleet';
    const siblings = { count: 8, known: 8 };
    const { env, times } = guarded([{ rate: '8/s', burst: 2, per: 'all', share }], { ...more, siblings });
    assert.equal(await times(5), 1);
    await env.clock.advance(1_000);
    assert.equal(await times(5), 1);
  }
});

test('through a whole mesh: the slot stands below authorize, and what comes in is counted', async () => {
  const registry = new FakeRegistry();
  const { mesh, env } = await aMesh({
    registry,
    policy: {
      services: { checkout: { quota: { requests: [{ rate: '100/s', burst: 4, per: 'all', share: 'fleet' }] } } },
    },
  });
  const status = () => mesh.receive({ ...arrivalOf({}), refuse: (problem) => problem.status });
  const served = async (many: number) =>
    (await Promise.all(Array.from({ length: many }, status))).filter((one) => one === 'served').length;
  assert.equal(await served(9), 4);
  registry.set('checkout', ['http://10.0.0.1:1', 'http://10.0.0.2:1']);
  await env.clock.advance(1_000);
  assert.equal(await served(9), 2);
  assert.match(
    mesh.explain('checkout'),
    /quota 100\/s per all: 100\/s per all, one of 2 parts ours \(enforce\): 6 requests let through, 12 refused/,
  );
  mesh.setPolicy({});
  assert.equal(await served(9), 9);
  assert.deepEqual(
    mesh.snapshot().quotas.map(({ passed }) => passed),
    [],
  );
  await mesh.close();
  assert.equal(registry.open, 0);
  assert.equal(env.clock.pending, 0);
});
