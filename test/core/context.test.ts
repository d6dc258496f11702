import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy, History } from '../../src/core/context.ts';
import { aContext } from '../../src/testing.ts';

test('a copy has every field of the context, and may be written to without changing it', () => {
  const context = aContext({ route: 'GET /a', idempotent: true, classify: () => 'success', attempt: 2, begunAt: 5 });
  const own = copy(context);
  assert.deepEqual(Object.keys(own).sort(), Object.keys(context).sort());
  for (const key of Object.keys(own) as (keyof typeof own)[]) assert.equal(own[key], context[key]);
  own.attempt = 3;
  assert.equal(context.attempt, 2);
});

test('histories share no list, though new ones are empty', () => {
  const [one, other] = [new History(), new History()];
  assert.throws(() => one.reports.push({} as never), TypeError, 'who writes makes a list of its own');
  one.reports = [...one.reports, {} as never];
  assert.deepEqual([one.reports.length, other.reports.length], [1, 0]);
});
