import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from '../../src/wire/network.ts';

const known: Readonly<Record<string, string>> = {
  '10.0.0.5': '10.0.0.5',
  '::ffff:10.0.0.5': '10.0.0.5',
  '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
  '2001:DB8:1:2::1': '2001:db8:1:2::/64',
  '2001:0db8:0001:0002::': '2001:db8:1:2::/64',
  '2001:db8::1': '2001:db8:0:0::/64',
  '::1': '0:0:0:0::/64',
  'fe80::1%eth0': 'fe80:0:0:0::/64',
  '': '',
};

for (const [address, network] of Object.entries(known)) {
  test(`'${address}' stands for '${network}'`, () => {
    assert.equal(networkOf(address), network);
  });
}
