import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from '../../src/math/retry-budget.ts';

const withdrawAll = (budget: RetryBudget, share: number, perSecond: number, now: number): number => {
  for (let taken = 0; ; taken++) if (!budget.withdraw(share, perSecond, now)) return taken;
};

test('a share of the calls may be tried again, and a few each second whatever the traffic', () => {
  const budget = new RetryBudget();
  for (let call = 0; call < 100; call++) budget.deposit(0);
  assert.equal(withdrawAll(budget, 0.2, 1, 0), 20 + 10);
});

test('without a share and without a floor there is no retry at all', () => {
  const budget = new RetryBudget();
  for (let call = 0; call < 100; call++) budget.deposit(0);
  assert.equal(withdrawAll(budget, 0, 0, 0), 0);
});

test('what was taken comes back once the window has passed', () => {
  const budget = new RetryBudget();
  assert.equal(withdrawAll(budget, 0.2, 1, 0), 10);
  assert.equal(budget.withdraw(0.2, 1, 9_999), false);
  assert.equal(withdrawAll(budget, 0.2, 1, 10_000), 10);
});

test('calls of long ago pay for nothing', () => {
  const budget = new RetryBudget();
  for (let call = 0; call < 1_000; call++) budget.deposit(0);
  assert.equal(withdrawAll(budget, 0.2, 0, 10_000), 0);
});

test('another policy brings other numbers, and what was spent stays spent', () => {
  const budget = new RetryBudget();
  for (let call = 0; call < 100; call++) budget.deposit(0);
  assert.equal(withdrawAll(budget, 0.2, 0, 0), 20);
  assert.equal(withdrawAll(budget, 0.1, 0, 0), 0);
  assert.equal(withdrawAll(budget, 0.5, 0, 0), 30);
});
