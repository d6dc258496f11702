import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { instanceOf, recordOf } from '../../src/discovery/record.ts';
import { decodeRecord, encodeRecord, type NewRecord } from '../../src/wire/record.ts';

// Read from a ZooKeeper 3.8.0 after Curator 5.4.0 had registered a Spring instance: 540 bytes.
const SPRING =
  '{"name":"orders","id":"11111111-1111-1111-1111-111111111111","address":"127.0.0.1","port":8080,"sslPort":null,' +
  '"payload":{"@class":"org.springframework.cloud.zookeeper.discovery.ZookeeperInstance","id":"orders-1",' +
  '"name":"orders","metadata":{"instance_status":"UP","zone":"z1","weight":"3"}},"registrationTimeUTC":1795393730228,' +
  '"serviceType":"DYNAMIC","uriSpec":{"parts":[{"value":"scheme","variable":true},{"value":"://","variable":false},' +
  '{"value":"address","variable":true},{"value":":","variable":false},{"value":"port","variable":true}]}}';

const record: NewRecord = {
  name: 'orders',
  id: '11111111-1111-1111-1111-111111111111',
  address: '127.0.0.1',
  port: 8080,
  sslPort: null,
  metadata: { instance_status: 'UP', zone: 'z1', weight: '3' },
  registeredAt: 1795393730228,
  payloadId: 'orders-1',
};

test('a record is written byte by byte as Curator and Spring write it', () => {
  assert.equal(encodeRecord(record), SPRING);
  assert.equal(Buffer.byteLength(encodeRecord(record)), 540);
});

test('what Curator wrote is read, and written back as it was', () => {
  const read = decodeRecord(SPRING);
  assert.deepEqual(read, {
    ...record,
    enabled: true,
    serviceType: 'DYNAMIC',
    payloadClass: 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
  });
  assert.equal(encodeRecord(read), SPRING);
  assert.deepEqual(decodeRecord(new TextEncoder().encode(SPRING)), read);
});

test('the payload for Dubbo differs from that for Spring in its class alone', () => {
  const spring = 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance';
  const dubbo = 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance';
  assert.equal(encodeRecord(record, 'dubbo'), SPRING.replace(spring, dubbo));
});

test('a plain payload is a map that every Java reader has a class for', () => {
  const payload = '{"@class":"java.util.LinkedHashMap","instance_status":"UP","zone":"z1","weight":"3"}';
  const plain = encodeRecord(record, 'plain');
  assert.equal(plain, SPRING.replace(/\{"@class".*?\}\}/, payload));
  assert.deepEqual(decodeRecord(plain).metadata, record.metadata);
});

test('a payload class that was read is written back, whatever it is', () => {
  const foreign = SPRING.replace(/"@class":"[^"]*"/, '"@class":"com.acme.Évil$Thing"');
  assert.equal(encodeRecord(decodeRecord(foreign)), foreign);
});

test('a record out of use says so in the tenth field, which older readers ignore', () => {
  const off = encodeRecord({ ...record, enabled: false, serviceType: 'STATIC' });
  assert.ok(off.endsWith(',"enabled":false}'));
  assert.equal(decodeRecord(off).enabled, false);
  assert.equal(decodeRecord(off).serviceType, 'STATIC');
});

test('the record in the reference is one as we write it', async () => {
  const page = await readFile(new URL('../../docs/reference/records.md', import.meta.url), 'utf8');
  const [, example] = /```json\n(.*?)```/s.exec(page) ?? [];
  const line = JSON.stringify(JSON.parse(example!));
  assert.equal(encodeRecord(decodeRecord(line)), line);
  assert.equal(encodeRecord(recordOf(instanceOf(decodeRecord(line)), 1795393730228)), withoutInternal(line));
});

const withoutInternal = (line: string): string => line.replaceAll(/,"inmesh\.[a-z]+":"[^"]*"/g, '');
