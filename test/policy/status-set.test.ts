import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusSet } from '../../src/policy/status-set.ts';

test('it holds the statuses listed, and all of the classes listed', () => {
  const set = new StatusSet([429, '5xx']);
  const held = [100, 200, 428, 429, 430, 499, 500, 503, 599].filter(set.has);
  assert.deepEqual(held, [429, 500, 503, 599]);
});

test('an empty one holds nothing', () => {
  const set = new StatusSet([]);
  for (let status = 0; status < 700; status++) assert.equal(set.has(status), false);
});

test('what can be no status is in no set', () => {
  const set = new StatusSet(['1xx', '2xx', '3xx', '4xx', '5xx']);
  for (const odd of [0, 99, 600, -1, 1e9, 200.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(set.has(odd), false);
});

test('it is written as it was listed, and can not be changed by who listed it', () => {
  const listed: (number | string)[] = [503, '4xx'];
  const set = new StatusSet(listed);
  listed.push(200);
  assert.equal(JSON.stringify(set), '[503,"4xx"]');
  assert.equal(set.has(200), false);
  assert.throws(() => (set.toJSON() as unknown[]).push(1), TypeError);
});

test('asking needs no binding, so that it can be handed on', () => {
  const { has } = new StatusSet([503]);
  assert.equal(has(503), true);
});
