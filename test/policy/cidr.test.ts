import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCidr } from '../../src/policy/cidr.ts';

test('ranges of both families are read, and one address alone is a range of one', () => {
  assert.deepEqual(parseCidr('10.0.0.0/8'), { address: '10.0.0.0', bits: 8, family: 'ipv4' });
  assert.deepEqual(parseCidr('fd00::/8'), { address: 'fd00::', bits: 8, family: 'ipv6' });
  assert.deepEqual(parseCidr('127.0.0.1'), { address: '127.0.0.1', bits: 32, family: 'ipv4' });
  assert.deepEqual(parseCidr('::1'), { address: '::1', bits: 128, family: 'ipv6' });
  assert.deepEqual(parseCidr('0.0.0.0/0')?.bits, 0);
});

test('what is no range of addresses is none', () => {
  for (const text of [
    '',
    '10',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.256',
    '::1/129',
    'fe80::1%eth0',
    'a.b',
    '10.0.0.0/',
  ])
    assert.equal(parseCidr(text), undefined, text);
});
