import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustDomainOf } from '../../src/auth/spiffe.ts';

const long = (path: string, bytes: number): string => `${path}${'a'.repeat(bytes - path.length)}`;

const good: [string, string][] = [
  ['spiffe://prod.example/orders', 'prod.example'],
  ['spiffe://a/b', 'a'],
  ['spiffe://td_1-x.y/ns/default/sa/orders', 'td_1-x.y'],
  ['spiffe://10.0.0.1/Orders_V2.0-x', '10.0.0.1'],
  ['spiffe://td/...', 'td'],
  ['spiffe://td/.a/b..', 'td'],
  [long('spiffe://td/', 2_048), 'td'],
  [`spiffe://${'a'.repeat(255)}/x`, 'a'.repeat(255)],
];
for (const [id, domain] of good) {
  test(`${id.slice(0, 60)} is the ID of a workload of ${domain.slice(0, 20)}`, () =>
    assert.equal(trustDomainOf(id), domain));
}

const bad = [
  '',
  'spiffe://',
  'spiffe://td',
  'spiffe://td/',
  'spiffe:///path',
  'SPIFFE://td/x',
  'http://td/x',
  'spiffe://Td/x',
  'spiffe://td:80/x',
  'spiffe://user@td/x',
  'spiffe://td/x/',
  'spiffe://td//x',
  'spiffe://td/./x',
  'spiffe://td/../x',
  'spiffe://td/x/.',
  'spiffe://td/x/..',
  'spiffe://td/x?y',
  'spiffe://td/x#y',
  'spiffe://td/%61',
  'spiffe://td/a b',
  'spiffe://td/é',
  'spiffe://td/x\n',
  ' spiffe://td/x',
  'spiffe://t*d/x',
  `spiffe://${'a'.repeat(256)}/x`,
  long('spiffe://td/', 2_049),
];
for (const id of bad) {
  test(`${JSON.stringify(id).slice(0, 60)} is none`, () => assert.equal(trustDomainOf(id), undefined));
}
