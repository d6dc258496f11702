import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { checkPolicy } from '../../src/policy/check.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { PolicyProblem } from '../../src/policy/read.ts';
import { table } from '../../src/policy/table.ts';

const valid = new Ajv2020({ strict: true }).compile(policyJsonSchema());

const route = 'GET /orders/{id}';

/** Documents that both the check and the schema have to take. */
const good: Readonly<Record<string, unknown>> = {
  'an empty one': {},
  'one with a $schema for the editor': { $schema: 'https://example.com/policy.schema.json' },
  'one with defaults only': { defaults: { deadline: { timeout: '1m30s' }, retry: { attempts: 1, budget: 0 } } },
  'one with a service': { services: { orders: { retry: { statuses: [503, '5xx'] }, outlier: { failures: 0 } } } },
  'one with a route': { services: { orders: { routes: { [route]: { deadline: { timeout: '800ms' } } } } } },
  'one with rules of what must not be': {
    defaults: {
      authorize: {
        rules: [
          { notHeaders: { 'x-env': 'dev', ':authority': ['a', 'b*'] }, notClaims: { role: ['guest', '*-x'], a: [] } },
          { action: 'deny', notHeaders: { 'x-env': '*' }, notClaims: { role: ['*'] } },
        ],
      },
    },
  },
  'one with a claim whose name is no more than a line break': {
    defaults: { authorize: { rules: [{ claims: { '\n': 'a' }, notClaims: { '\n': 'a' } }] } },
  },
  'one with an off': { defaults: { attempt: { timeout: 'off' } } },
};

/** Documents that both have to refuse. */
const bad: Readonly<Record<string, unknown>> = {
  'a list': [],
  'a text': 'defaults',
  'an unknown part': { default: {} },
  'an unknown section': { defaults: { retries: {} } },
  'an unknown field': { defaults: { retry: { atempts: 3 } } },
  'a number out of range': { defaults: { retry: { attempts: 0 } } },
  'a fraction for a whole number': { defaults: { retry: { attempts: 1.5 } } },
  'a number for a duration': { defaults: { deadline: { timeout: 100 } } },
  'a duration without a unit': { defaults: { deadline: { timeout: '100' } } },
  'an off where there is none': { defaults: { deadline: { timeout: 'off' } } },
  'a status out of range': { defaults: { retry: { statuses: [42] } } },
  'a class of statuses that there is not': { defaults: { retry: { statuses: ['6xx'] } } },
  'a text for a flag': { defaults: { propagate: { trace: 'yes' } } },
  'a choice that there is not': { defaults: { propagate: { deadline: 'finagle' } } },
  'routes in the defaults': { defaults: { routes: {} } },
  'a parameter as Express writes it': { services: { orders: { routes: { 'GET /orders/:id': {} } } } },
  'a rest as a shell writes it': { services: { orders: { routes: { '/files/*': {} } } } },
  'a method in small letters': { services: { orders: { routes: { 'get /orders': {} } } } },
  'a path of a rule as Express writes it': { defaults: { route: { rules: [{ path: '/orders/:id', to: [{}] }] } } },
  'a path of authorize as Express writes it': { defaults: { authorize: { rules: [{ paths: ['/orders/:id'] }] } } },
  'a rule with a sign in the midst': { defaults: { authorize: { rules: [{ notClaims: { role: 'a*b' } }] } } },
  'a rule with one such in a list': { defaults: { authorize: { rules: [{ notHeaders: { a: ['b', ''] } }] } } },
  'a rule with a header that there can not be': {
    defaults: { authorize: { rules: [{ notHeaders: { 'a b': 'c' } }] } },
  },
  'a rule by a header with a sign in the midst': {
    defaults: { authorize: { rules: [{ action: 'deny', headers: { 'user-agent': '*curl*' } }] } },
  },
  'an allow that is for nobody': { defaults: { authorize: { rules: [{ notHeaders: { a: '*' } }] } } },
  'an allow that is for nobody, in a list': {
    defaults: { authorize: { rules: [{ action: 'allow', notClaims: { a: ['b', '*'] } }] } },
  },
  'routes within a route': { services: { orders: { routes: { [route]: { routes: {} } } } } },
};

for (const [what, document] of Object.entries(good)) {
  test(`the JSON Schema takes ${what}, as the check does`, () => {
    checkPolicy(document);
    assert.ok(valid(document), JSON.stringify(valid.errors));
  });
}

for (const [what, document] of Object.entries(bad)) {
  test(`the JSON Schema refuses ${what}, as the check does`, () => {
    assert.throws(() => checkPolicy(document), PolicyProblem);
    assert.equal(valid(document), false);
  });
}

test('every default of the table passes the JSON Schema and the check', () => {
  const defaults = Object.fromEntries(
    Object.entries(table).map(([name, { fields }]) => [
      name,
      Object.fromEntries(Object.entries(fields).map(([field, { default: value }]) => [field, value])),
    ]),
  );
  checkPolicy({ defaults });
  assert.ok(valid({ defaults }), JSON.stringify(valid.errors));
});
