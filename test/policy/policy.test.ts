import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicySet } from '../../src/policy/policy.ts';
import { StatusSet } from '../../src/policy/status-set.ts';
import { type PolicyDocument, table } from '../../src/policy/table.ts';

test('without a document, every setting is its default, as filters read it', () => {
  const policy = new PolicySet().for('orders');
  assert.deepEqual(Object.keys(policy), Object.keys(table));
  for (const [section, { fields }] of Object.entries(table)) {
    assert.deepEqual(Object.keys((policy as never)[section]), Object.keys(fields));
  }
  assert.equal(policy.deadline.timeout, 10_000);
  assert.equal(policy.retry.attempts, 3);
  assert.equal(policy.retry.backoff, 25);
  assert.equal(policy.retry.maxBackoff, 250);
  assert.equal(policy.attempt.timeout, Number.POSITIVE_INFINITY);
  assert.equal(policy.attempt.connect, 1_000);
  assert.ok(policy.outcome.failing instanceof StatusSet);
});

const document: PolicyDocument = {
  defaults: { deadline: { timeout: '5s' }, retry: { attempts: 2, backoff: '10ms' } },
  services: {
    orders: {
      deadline: { timeout: '2s' },
      routes: {
        'GET /orders/{id}': { retry: { attempts: 5 } },
        checkout: { deadline: { inherit: false } },
      },
    },
  },
};

test('the nearest that says something wins, field by field: route, service, defaults, default', () => {
  const policy = new PolicySet(document).for('orders', 'GET /orders/{id}');
  assert.equal(policy.retry.attempts, 5, 'of the route');
  assert.equal(policy.deadline.timeout, 2_000, 'of the service');
  assert.equal(policy.retry.backoff, 10, 'of the defaults');
  assert.equal(policy.retry.maxBackoff, 250, 'as it always is');
});

test('a service and a route that are not named get what is above them', () => {
  const policies = new PolicySet(document);
  assert.equal(policies.for('users').deadline.timeout, 5_000);
  assert.equal(policies.for('orders', 'DELETE /orders/{id}').retry.attempts, 2);
  assert.equal(policies.for('users', 'GET /orders/{id}').retry.attempts, 2);
});

test('describe says every value as a document would, and where it came from', () => {
  const described = new PolicySet(document).describe('orders', 'GET /orders/{id}');
  assert.deepEqual(described.retry?.attempts, { value: 5, from: "services.orders.routes['GET /orders/{id}']" });
  assert.deepEqual(described.deadline?.timeout, { value: '2s', from: 'services.orders' });
  assert.deepEqual(described.retry?.backoff, { value: '10ms', from: 'defaults' });
  assert.deepEqual(described.retry?.maxBackoff, { value: '250ms', from: 'default' });
  assert.deepEqual(described.attempt?.timeout, { value: 'off', from: 'default' });
  assert.deepEqual(described.outcome?.failing, { value: ['5xx'], from: 'default' });
  const settings = Object.values(described).flatMap((section) => Object.values(section));
  const fields = Object.values(table).flatMap((section) => Object.keys(section.fields));
  assert.equal(settings.length, fields.length);
});

test('what describe says can be written into a document, and comes to the same', () => {
  const described = new PolicySet(document).describe('orders', 'checkout');
  const written = Object.fromEntries(
    Object.entries(described).map(([section, settings]) => [
      section,
      Object.fromEntries(Object.entries(settings).map(([name, { value }]) => [name, value])),
    ]),
  );
  const again = new PolicySet({ defaults: JSON.parse(JSON.stringify(written)) });
  assert.deepEqual(again.describe('x').retry?.attempts?.value, 2);
  assert.equal(JSON.stringify(again.for('x')), JSON.stringify(new PolicySet(document).for('orders', 'checkout')));
});

test('a policy is made once, frozen through and through', () => {
  const policies = new PolicySet(document);
  const policy = policies.for('orders');
  assert.equal(policies.for('orders'), policy);
  assert.throws(() => Object.assign(policy, { retry: {} }), TypeError);
  assert.throws(() => Object.assign(policy.retry, { attempts: 9 }), TypeError);
  assert.throws(() => Object.assign(policies.document.defaults!, { retry: {} }), TypeError);
});

test('what the caller does to its document afterwards changes nothing', () => {
  const mine = { defaults: { retry: { attempts: 2 }, outcome: { failing: [500] } } };
  const policies = new PolicySet(mine);
  mine.defaults.retry.attempts = 9;
  mine.defaults.outcome.failing.push(404);
  assert.equal(policies.for('orders').retry.attempts, 2);
  assert.equal(policies.for('orders').outcome.failing.has(404), false);
  assert.equal(Object.isFrozen(mine.defaults), false, 'and the document stays the caller’s own');
});

test('names that every object has are services like any other', () => {
  const policies = new PolicySet(JSON.parse('{"services": {"__proto__": {"retry": {"attempts": 7}}}}'));
  assert.equal(policies.for('__proto__').retry.attempts, 7);
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    assert.equal(policies.for(name).retry.attempts, 3);
    assert.equal(policies.hasRoutes(name), false);
    assert.equal(policies.for('__proto__', name).retry.attempts, 7);
  }
  assert.equal(({} as { retry?: unknown }).retry, undefined, 'and nothing was written to any prototype');
});

test('a request falls under the route that the policy names for it', () => {
  const policies = new PolicySet(document);
  assert.equal(policies.hasRoutes('orders'), true);
  assert.equal(policies.hasRoutes('users'), false);
  assert.equal(policies.routeOf('orders', 'GET', '/orders/42?full=1'), 'GET /orders/{id}');
  assert.equal(policies.routeOf('orders', 'POST', '/orders'), undefined);
  assert.equal(policies.routeOf('users', 'GET', '/orders/42'), undefined);
});

test('calls to any number of services that nobody named keep no more than one policy', () => {
  const policies = new PolicySet(document);
  const first = policies.for('service-0');
  for (let service = 1; service < 5_000; service++) assert.equal(policies.for(`service-${service}`), first);
});

test('a document with a mistake makes no policy at all', () => {
  assert.throws(() => new PolicySet({ defaults: { retry: { attempts: 2, budget: 99 } } }), {
    name: 'PolicyProblem',
    message: 'defaults.retry.budget must be a number from 0 to 10, got 99',
  });
});
