import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { PolicySet } from '../../src/policy/policy.ts';

test('the settings of a call are read as fields of an object and not looked up in a dictionary', () => {
  setFlagsFromString('--allow-natives-syntax');
  const isFast = new Function('object', 'return %HasFastProperties(object)') as (object: object) => boolean;
  const document = { services: { orders: { retry: { attempts: 1 }, routes: { 'GET /orders/{id}': { retry: {} } } } } };
  for (const policy of [new PolicySet({}).for('stock'), new PolicySet(document).for('orders', 'GET /orders/{id}')]) {
    assert.ok(isFast(policy), 'every filter reads its section in every call');
    assert.ok(isFast({ ...policy, deadline: { ...policy.deadline } }), 'so does a call with a timeout of its own');
    for (const section of Object.values(policy)) assert.ok(isFast(section));
  }
  setFlagsFromString('--no-allow-natives-syntax');
});
