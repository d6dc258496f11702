import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRecord, encodeRecord, isHost, LONGEST_RECORD, RecordProblem } from '../../src/wire/record.ts';

const least = { name: 'orders', id: 'a', address: '10.0.0.5', port: 80 };
const read = (more: object) => decodeRecord(JSON.stringify({ ...least, ...more }));
const refused = (data: string | Uint8Array, message: RegExp) =>
  assert.throws(
    () => decodeRecord(data),
    (error) => error instanceof RecordProblem && message.test(error.message),
  );
const refusedWith = (more: object, message: RegExp) => refused(JSON.stringify({ ...least, ...more }), message);

test('fields that can be done without may be missing, null or unknown', () => {
  assert.deepEqual(read({ uriSpec: null, payload: null, colour: 'red' }), {
    ...least,
    sslPort: null,
    metadata: {},
    registeredAt: 0,
    enabled: true,
    serviceType: 'DYNAMIC',
    payloadClass: undefined,
    payloadId: undefined,
  });
});

test('what is not a record is refused in a sentence', () => {
  refused('', /^it is empty$/);
  refused('{"name":"ord', /^it is not JSON$/);
  refused(Uint8Array.of(0x22, 0xff, 0x22), /^it is not JSON$/);
  for (const other of ['[]', '"hello"', '42', 'null']) refused(other, /^it is not a JSON object$/);
  refused(`{"name":"${'x'.repeat(LONGEST_RECORD)}"}`, /^it is longer than 65536 bytes$/);
  refused('['.repeat(LONGEST_RECORD), /^it is not JSON$/);
});

test('a record without a name, an id, an address or a port is refused', () => {
  refusedWith({ name: undefined }, /^name must be a text of 1 to 512 characters, got nothing$/);
  refusedWith({ id: '' }, /^id must be .*, got ''$/);
  refusedWith({ id: 7 }, /^id must be .*, got 7$/);
  refusedWith({ address: null }, /^address must be a host name or an IP address, got null$/);
  refusedWith({ port: null }, /^port and sslPort are both missing$/);
});

test('a port is a whole number from 1 to 65535, or text that Jackson would take for one', () => {
  assert.equal(read({ port: '8080' }).port, 8080);
  assert.equal(read({ port: null, sslPort: 443 }).sslPort, 443);
  for (const port of [0, -1, 65_536, 80.5, '', '80a', '0x50', true, {}, []]) {
    refusedWith({ port }, /^port must be a whole number from 1 to 65535, got /);
    refusedWith({ sslPort: port }, /^sslPort must be /);
  }
});

test('a host that would change the URL around it is refused', () => {
  for (const host of ['10.0.0.5', 'db_1.internal', 'localhost', '::1', 'fe80::1', '::ffff:10.0.0.1'])
    assert.ok(isHost(host), host);
  for (const host of [
    '',
    'a b',
    'a/b',
    'user@host',
    'host:80',
    'a?b',
    'a#b',
    '999.1.1.1',
    'ö.de',
    '::1%eth0',
    '1::2::3',
    'a\nb',
    'x'.repeat(254),
    42,
  ]) {
    assert.ok(!isHost(host), String(host));
    refusedWith({ address: host }, /^address must be a host name or an IP address, got /);
  }
});

test('an IPv6 address may come in brackets', () => {
  assert.equal(read({ address: '[::1]' }).address, '::1');
});

test('an error shows no control characters of what it refuses', () => {
  refusedWith({ address: 'a\u001b[31m\nb' }, /got 'a\?\[31m\?b'$/);
});

test('metadata values become texts; what can not is passed over', () => {
  const metadata = { a: 'x', b: 3, c: true, d: null, e: { f: 1 }, g: [1] };
  assert.deepEqual(read({ payload: { '@class': 'com.acme.Bean', metadata } }).metadata, { a: 'x', b: '3', c: 'true' });
});

test('every way that Jackson writes a payload is understood', () => {
  const metadata = { zone: 'a' };
  const bean = 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance';
  assert.deepEqual(read({ payload: { metadata, '@class': bean } }).metadata, metadata); // the class may come last
  assert.deepEqual(read({ payload: [bean, { id: 'orders-1', metadata }] }).metadata, metadata);
  assert.equal(read({ payload: [bean, { id: 'orders-1', metadata }] }).payloadId, 'orders-1');
  assert.deepEqual(read({ payload: { '@class': 'java.util.LinkedHashMap', zone: 'a' } }).metadata, metadata);
  assert.deepEqual(read({ payload: metadata }).metadata, metadata);
  assert.deepEqual(read({ payload: { '@class': bean, metadata: null } }).metadata, {});
  for (const payload of ['hello', 42, ['java.util.ArrayList', ['x', 'y']], [1, 2, 3], []]) {
    assert.deepEqual(read({ payload }).metadata, {}, JSON.stringify(payload));
  }
});

test('a record can not reach the prototype of anything', () => {
  const text = `{"name":"orders","id":"a","address":"h","port":80,"__proto__":{"enabled":false},
    "payload":{"@class":"x","metadata":{"__proto__":{"polluted":"yes"},"constructor":"c","zone":"a"}}}`;
  const record = decodeRecord(text);
  assert.equal(record.enabled, true);
  assert.deepEqual(Object.keys(record.metadata), ['constructor', 'zone']);
  assert.equal(Object.getPrototypeOf(record.metadata), Object.prototype);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test('an unknown service type is taken for the one that goes with its process', () => {
  assert.equal(read({ serviceType: 'dynamic' }).serviceType, 'DYNAMIC');
  assert.equal(read({ serviceType: 'PERMANENT' }).serviceType, 'PERMANENT');
  assert.equal(read({ serviceType: ['STATIC'] }).serviceType, 'DYNAMIC');
});

test('nulls are spelt out, for readers that look for them', () => {
  const text = encodeRecord({ ...least, port: null, sslPort: 443, metadata: {}, registeredAt: 5 });
  assert.match(text, /"port":null,"sslPort":443,/);
});
