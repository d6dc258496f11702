import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, parseAddress } from '../../src/zookeeper/address.ts';

const servers = (text: string) => parseAddress(text).servers.map(addressOf);

test('an address names servers, IPv6 and spaces included, and the port is 2181 unless told', () => {
  assert.deepEqual(servers('zookeeper://h1:2181, h2:2182 ,[::1]:2183,[fe80::1%eth0],h3'), [
    'h1:2181',
    'h2:2182',
    '[::1]:2183',
    '[fe80::1%eth0]:2181',
    'h3:2181',
  ]);
  assert.deepEqual(servers('10.0.0.1:1,10.0.0.2:65535'), ['10.0.0.1:1', '10.0.0.2:65535']);
});

test('the chroot, the digest and the query are read apart, and the name holds no secret', () => {
  const address = parseAddress('zookeeper://us%3Aer:p%40ss:w@rd@h1/a/b/?sessionTimeout=10s&tls=true');
  assert.equal(address.chroot, '/a/b');
  assert.equal(address.digest, 'us:er:p@ss:w@rd');
  assert.deepEqual({ ...address.query }, { sessionTimeout: '10s', tls: 'true' });
  assert.equal(address.name, 'zookeeper://h1:2181/a/b');
  assert.equal(parseAddress('zookeeper://h1/').chroot, '');
});

test('what is not an address is refused at the door, and a password is never shown', () => {
  const refused = [
    'zookeeper://',
    'zookeeper://,',
    'zookeeper://h:0',
    'zookeeper://h:99999',
    'zookeeper://h:abc',
    'zookeeper://h:',
    'zookeeper://::1',
    'zookeeper://[::1',
    'zookeeper://[zz]:1',
    'zookeeper://h 1',
    'zookeeper://h/../x',
    'zookeeper://h/a//b',
    'zookeeper://h/a%00b',
    'zookeeper://h/%zz',
    'zookeeper://user@h',
    'zookeeper://:hunter2@h',
    'zookeeper://hunter2:%zz@h',
    'zookeeper://h?a=1&a=2',
    'zookeeper://user:hunter2?x@h', // as if the server were called `user`, and its port `hunter2`
    'zookeeper://user:1?hunter2@h:2181',
    'zookeeper://user:1?tls=hunter2@h',
    'zookeeper://user:x@y?hunter2@h',
    `zookeeper://${'h,'.repeat(65)}`,
  ];
  for (const text of refused) {
    assert.throws(
      () => parseAddress(text),
      (error: Error & { code: string }) => error.code === 'INVALID_ARGUMENT' && !error.message.includes('hunter2'),
      text,
    );
  }
});

test('an option may hold an @ where it is the path of something', () => {
  const { query, digest } = parseAddress('zookeeper://h?snapshot=/var/lib/a@b.json&ca=/etc/@ca');
  assert.deepEqual({ ...query }, { snapshot: '/var/lib/a@b.json', ca: '/etc/@ca' });
  assert.equal(digest, undefined);
});
