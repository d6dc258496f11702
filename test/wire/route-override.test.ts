import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overrideOf } from '../../src/wire/route-override.ts';

test('it says for each service where its calls are to go', () => {
  const text = 'orders:orders-pr-7, stock : stock-2';
  assert.equal(overrideOf(text, 'orders'), 'orders-pr-7');
  assert.equal(overrideOf(text, 'stock'), 'stock-2');
  assert.equal(overrideOf(text, 'payments'), undefined);
  assert.equal(overrideOf(undefined, 'orders'), undefined);
});

test('what can not be the name of a service, and what is too long, is not gone by', () => {
  for (const text of [
    'orders',
    'orders:',
    'orders:a b',
    'orders:../x',
    'orders:a..b',
    'orders:a/b',
    ':x',
    'orders:-x',
  ]) {
    assert.equal(overrideOf(text, 'orders'), undefined, text);
  }
  assert.equal(overrideOf(`${'x:y,'.repeat(2_000)}orders:b`, 'orders'), undefined);
  assert.equal(overrideOf(`${'x:y,'.repeat(20)}orders:b`, 'orders'), undefined, 'of sixteen at most');
});
