import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPolicy } from '../../src/policy/check.ts';
import { PolicyProblem } from '../../src/policy/read.ts';
import { table } from '../../src/policy/table.ts';

const problem = (document: unknown): string => {
  try {
    checkPolicy(document);
  } catch (error) {
    assert.ok(error instanceof PolicyProblem);
    assert.equal(error.name, 'PolicyProblem');
    return error.message;
  }
  return 'none';
};

const sections = Object.keys(table).join(', ');
const ofRetry = Object.keys(table.retry.fields).join(', ');

const messages: readonly (readonly [document: unknown, message: string])[] = [
  [null, 'the policy must be an object, got null'],
  [undefined, 'the policy must be an object, got undefined'],
  [5, 'the policy must be an object, got 5'],
  ['orders', "the policy must be an object, got 'orders'"],
  [[], 'the policy must be an object, got []'],
  [new Map(), 'the policy must be an object, got an object'],
  [() => {}, 'the policy must be an object, got a function'],
  [{ default: {} }, 'default: no such field; there are defaults, services'],
  [{ defaults: 1 }, 'defaults must be an object, got 1'],
  [{ defaults: { retries: {} } }, `defaults.retries: no such field; there are ${sections}`],
  [{ defaults: { routes: {} } }, `defaults.routes: no such field; there are ${sections}`],
  [{ defaults: { retry: { atempts: 3 } } }, `defaults.retry.atempts: no such field; there are ${ofRetry}`],
  [{ defaults: { mirror: { to: 'a..b' } } }, "defaults.mirror.to must be a name of a service, got 'a..b'"],
  [
    { defaults: { route: { rules: [{ to: [{ service: 'a..b' }] }] } } },
    "defaults.route.rules[0].to[0].service must be a name of a service, got 'a..b'",
  ],
  [
    { services: { orders: { routes: { 'GET /orders/:id': {} } } } },
    "services.orders.routes['GET /orders/:id']: a segment that may be anything is written {id}, and what follows {rest*}",
  ],
  [
    { services: { orders: { routes: { '/files/*': {} } } } },
    "services.orders.routes['/files/*']: a segment that may be anything is written {id}, and what follows {rest*}",
  ],
  [
    { services: { orders: { routes: { 'get /orders': {} } } } },
    "services.orders.routes['get /orders']: a method is written in capitals, such as GET",
  ],
  [{ defaults: { retry: true } }, 'defaults.retry must be an object, got true'],
  [{ defaults: { retry: { attempts: 0 } } }, 'defaults.retry.attempts must be a whole number from 1 to 10, got 0'],
  [{ defaults: { retry: { attempts: 11 } } }, 'defaults.retry.attempts must be a whole number from 1 to 10, got 11'],
  [{ defaults: { retry: { attempts: 2.5 } } }, 'defaults.retry.attempts must be a whole number from 1 to 10, got 2.5'],
  [{ defaults: { retry: { attempts: '3' } } }, "defaults.retry.attempts must be a whole number from 1 to 10, got '3'"],
  [
    { defaults: { retry: { attempts: Number.NaN } } },
    'defaults.retry.attempts must be a whole number from 1 to 10, got NaN',
  ],
  [
    { defaults: { retry: { attempts: null } } },
    'defaults.retry.attempts must be a whole number from 1 to 10, got null',
  ],
  [{ defaults: { retry: { budget: -0.1 } } }, 'defaults.retry.budget must be a number from 0 to 10, got -0.1'],
  [
    { defaults: { retry: { budget: Number.POSITIVE_INFINITY } } },
    'defaults.retry.budget must be a number from 0 to 10, got Infinity',
  ],
  [
    { services: { orders: { deadline: { timeout: 100 } } } },
    "services.orders.deadline.timeout must be a duration from '1ms' to '24h' such as '250ms' or '2s', got 100",
  ],
  [
    { services: { orders: { deadline: { timeout: '25h' } } } },
    "services.orders.deadline.timeout must be a duration from '1ms' to '24h' such as '250ms' or '2s', got '25h'",
  ],
  [
    { defaults: { deadline: { timeout: 'off' } } },
    "defaults.deadline.timeout must be a duration from '1ms' to '24h' such as '250ms' or '2s', got 'off'",
  ],
  [
    { defaults: { attempt: { timeout: 'never' } } },
    "defaults.attempt.timeout must be a duration from '1ms' to '24h' such as '250ms' or '2s', or 'off', got 'never'",
  ],
  [
    { defaults: { propagate: { deadline: 'finagle' } } },
    "defaults.propagate.deadline must be one of 'envoy', 'grpc', 'off', got 'finagle'",
  ],
  [{ defaults: { propagate: { trace: 1 } } }, 'defaults.propagate.trace must be true or false, got 1'],
  [
    { defaults: { outcome: { failing: ['6xx'] } } },
    'defaults.outcome.failing must be a list of statuses such as [503, \'5xx\'], got ["6xx"]',
  ],
  [
    { defaults: { outcome: { failing: 500 } } },
    "defaults.outcome.failing must be a list of statuses such as [503, '5xx'], got 500",
  ],
  [
    { services: { orders: { routes: { 'GET /a': { retry: { attempts: 0 } } } } } },
    "services.orders.routes['GET /a'].retry.attempts must be a whole number from 1 to 10, got 0",
  ],
  [
    { services: { orders: { routes: { 'GET /a': { routes: {} } } } } },
    `services.orders.routes['GET /a'].routes: no such field; there are ${sections}`,
  ],
  [{ services: { orders: { retries: {} } } }, `services.orders.retries: no such field; there are ${sections}, routes`],
  [{ services: [] }, 'services must be an object, got []'],
  [{ services: { orders: null } }, 'services.orders must be an object, got null'],
  [{ services: { orders: { routes: [] } } }, 'services.orders.routes must be an object, got []'],
  [JSON.parse('{"__proto__": {}}'), '__proto__: no such field; there are defaults, services'],
  [{ constructor: {} }, 'constructor: no such field; there are defaults, services'],
  [{ defaults: { toString: {} } }, `defaults.toString: no such field; there are ${sections}`],
  [
    { defaults: JSON.parse('{"retry": {"__proto__": {"attempts": 9}}}') },
    `defaults.retry.__proto__: no such field; there are ${ofRetry}`,
  ],
  [{ defaults: { retry: Object.create({ attempts: 0 }) } }, 'defaults.retry must be an object, got an object'],
];

for (const [document, message] of messages) {
  test(`it says: ${message}`, () => {
    assert.equal(problem(document), message);
  });
}

test('a long value is not repeated whole', () => {
  const message = problem({ defaults: { deadline: { timeout: 'x'.repeat(10_000) } } });
  assert.ok(message.length < 300, `${message.length} characters`);
  assert.ok(message.endsWith("…'"));
});

test('a document without a prototype is as good as any', () => {
  const document = Object.assign(Object.create(null), { defaults: { retry: { attempts: 2 } } });
  assert.equal(problem(document), 'none');
});

test('a schema named for the editor is passed over, but must be text', () => {
  assert.equal(problem({ $schema: 'https://example.com/policy.json' }), 'none');
  assert.equal(problem({ $schema: 5 }), '$schema must be text, got 5');
});

test('a field that is undefined says nothing, and is no mistake', () => {
  assert.equal(problem({ defaults: { retry: { attempts: undefined } } }), 'none');
});

test('every bound of every field is inside, and what is beyond it is refused', () => {
  for (const [section, { fields }] of Object.entries(table)) {
    for (const [name, field] of Object.entries(fields)) {
      const { minimum, maximum } = field.json as { minimum?: number; maximum?: number };
      const check = (value: unknown) => problem({ defaults: { [section]: { [name]: value } } });
      assert.equal(check(field.default), 'none', `${section}.${name} takes its default`);
      if (minimum === undefined || maximum === undefined) continue;
      assert.equal(check(minimum), 'none', `${section}.${name} takes ${minimum}`);
      assert.equal(check(maximum), 'none', `${section}.${name} takes ${maximum}`);
      assert.match(check(minimum - 1), new RegExp(`^defaults.${section}.${name} must be `));
      assert.match(check(maximum + 1), new RegExp(`^defaults.${section}.${name} must be `));
    }
  }
});

test('a route is refused only where it would silently be for no call', () => {
  for (const name of [
    'GET /orders/{id}',
    '/v1/orders:batch',
    'POST /orders/{id}:cancel',
    '/files/{rest*}',
    '/a*b',
    'get-orders',
    'checkout',
    'get orders',
    'pkg.Service/Method',
  ]) {
    assert.equal(problem({ services: { orders: { routes: { [name]: {} } } } }), 'none', name);
  }
  for (const name of ['/:id', 'GET /a/:b/c', '/**', 'GET /a/*/b', 'Get /a', 'get /']) {
    assert.match(problem({ services: { orders: { routes: { [name]: {} } } } }), /is written/, name);
  }
});
