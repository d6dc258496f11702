import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicySet } from '../../src/policy/policy.ts';
import { CONDITIONS, RetryConditions } from '../../src/policy/retry-conditions.ts';

const of = (...listed: (number | string)[]) => new RetryConditions(listed);

test('names stand for the statuses that Envoy has for them', () => {
  for (const [name, statuses, others] of [
    ['5xx', [500, 501, 599], [499, 404]],
    ['gateway-error', [502, 503, 504], [500, 501, 505]],
    ['retriable-4xx', [409], [400, 404, 429, 500]],
    ['retriable-status-codes', [], [500, 503, 409]],
    ['reset', [], [500, 503]],
    ['unavailable', [], [503]],
  ] as const) {
    const conditions = of(name);
    for (const status of statuses) assert.equal(conditions.has(status), true, `${name} ${status}`);
    for (const status of others) assert.equal(conditions.has(status), false, `${name} ${status}`);
  }
});

test('statuses and classes of them stand for themselves, beside any name', () => {
  const conditions = of(418, '3xx', 'reset', 'retriable-status-codes');
  assert.deepEqual(
    [418, 302, 503].map((status) => conditions.has(status)),
    [true, true, false],
  );
});

test('what may happen to a connection is named one by one, or all by 5xx', () => {
  const told = (conditions: RetryConditions) => [conditions.connect, conditions.refused, conditions.reset];
  assert.deepEqual(told(of('connect-failure')), [true, false, false]);
  assert.deepEqual(told(of('refused-stream')), [false, true, false]);
  assert.deepEqual(told(of('reset')), [false, false, true]);
  assert.deepEqual(told(of('5xx')), [true, true, true]);
  assert.deepEqual(told(of('gateway-error', 503)), [false, false, false]);
});

test('codes of gRPC go by their names, and who names none asks for none', () => {
  const names = { cancelled: 1, 'deadline-exceeded': 4, 'resource-exhausted': 8, internal: 13, unavailable: 14 };
  for (const [name, code] of Object.entries(names)) {
    const conditions = of(name);
    for (let other = 0; other <= 16; other++)
      assert.equal(conditions.hasGrpc(other), other === code, `${name} ${other}`);
  }
  assert.equal(of('5xx', 503, 'reset').grpc, 0);
});

test('every name may stand in a policy, and no other', () => {
  const on = [...CONDITIONS, 503, '4xx'];
  const { retry } = new PolicySet({ defaults: { retry: { on } } }).for('orders');
  assert.deepEqual(retry.on.toJSON(), on);
  for (const odd of ['6xx', 'retriable-headers', '503', 42, 600, null]) {
    assert.throws(() => new PolicySet({ defaults: { retry: { on: [odd] } } }), /retry\.on must be a list of statuses/);
  }
});

test('a document that still says statuses is read as it was: connections, and those', () => {
  const set = new PolicySet({ services: { orders: { retry: { statuses: [500, '4xx'] } } } });
  const { on } = set.for('orders').retry;
  assert.deepEqual(on.toJSON(), ['connect-failure', 'refused-stream', 'reset', 500, '4xx']);
  assert.equal(set.for('stock').retry.on.has(503), true, 'others have the default');
  assert.equal(set.describe('orders').retry!.on!.from, 'services.orders');
  assert.throws(
    () => new PolicySet({ defaults: { retry: { statuses: ['reset'] } } }),
    /defaults\.retry\.statuses must be a list of statuses such as \[503, '5xx'\], got \["reset"\]/,
  );
  const both = new PolicySet({ defaults: { retry: { on: [503], statuses: [500] } } }).for('orders');
  assert.deepEqual(both.retry.on.toJSON(), [503], 'who says both has moved on');
  const nearer = new PolicySet({
    defaults: { retry: { on: [503] } },
    services: { orders: { retry: { statuses: [500] } } },
  });
  assert.equal(nearer.for('orders').retry.on.has(500), true, 'the nearest wins, by whatever name');
});
