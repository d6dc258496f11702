import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointOf, instanceOf, recordOf } from '../../src/discovery/record.ts';
import type { Instance } from '../../src/discovery/registry.ts';
import { decodeRecord, encodeRecord, type InstanceRecord } from '../../src/wire/record.ts';
import { anInstance } from '../support/resolutions.ts';

const instance = anInstance('a', { port: 3000, weight: 3, zone: 'z1', metadata: { version: '2' } });
const throughTheWire = (told: Instance, internal = {}): InstanceRecord =>
  decodeRecord(encodeRecord(recordOf(told, 0, internal)));

test('an instance is the same after its record was written and read', () => {
  for (const told of [instance, { ...instance, secure: true, zone: '', weight: 0.25, metadata: {} }]) {
    assert.deepEqual(instanceOf(throughTheWire(told)), told);
  }
});

test('the metadata is what Spring reads: status, zone and weight, beside what the process said', () => {
  assert.deepEqual(recordOf(instance, 0).metadata, { instance_status: 'UP', zone: 'z1', weight: '3', version: '2' });
});

test('an endpoint shows its weight and zone once, and nothing of what is internal', () => {
  const { url, weight, zone, metadata, id } = endpointOf(throughTheWire(instance, { 'inmesh.pid': '7' }));
  assert.deepEqual(
    { url, weight, zone, metadata, id },
    { url: 'http://10.0.0.5:3000', weight: 3, zone: 'z1', metadata: { version: '2' }, id: 'a' },
  );
});

test('an IPv6 address gets its brackets, and a port for https makes the URL https', () => {
  assert.equal(endpointOf(throughTheWire({ ...instance, host: '::1' })).url, 'http://[::1]:3000');
  assert.equal(endpointOf(throughTheWire({ ...instance, secure: true })).url, 'https://10.0.0.5:3000');
  const foreign = { ...throughTheWire(instance), sslPort: 8443 };
  assert.equal(endpointOf(foreign).url, 'https://10.0.0.5:8443');
});

test('a weight that can not be read is 1', () => {
  const weightOf = (weight: string) => {
    const record = throughTheWire(instance);
    return endpointOf({ ...record, metadata: { ...record.metadata, weight } }).weight;
  };
  assert.deepEqual(['2', ' 4 ', '0.5', '0'].map(weightOf), [2, 4, 0.5, 0]);
  assert.deepEqual(
    ['', '-1', '1e3', '0x10', 'NaN', 'Infinity', 'heavy', '1'.repeat(400)].map(weightOf),
    Array(8).fill(1),
  );
  assert.equal(weightOf('999999999'), 1_000_000);
});

test('what is switched off or not UP has weight 0, and says why', () => {
  const record = throughTheWire(instance);
  const withStatus = (instance_status: string) =>
    endpointOf({ ...record, metadata: { ...record.metadata, instance_status } });
  assert.deepEqual(
    ['UP', 'up', ''].map((status) => withStatus(status).weight),
    [3, 3, 3],
  );
  assert.deepEqual(
    ['OUT_OF_SERVICE', 'DOWN', 'STARTING'].map((status) => withStatus(status).weight),
    [0, 0, 0],
  );
  assert.equal(withStatus('DOWN').metadata.instance_status, 'DOWN');
  assert.equal(endpointOf({ ...record, enabled: false }).weight, 0);
});

test('weight 0 is told as a status too, since Spring takes a weight of 0 for 1', () => {
  const drained = recordOf({ ...instance, weight: 0, metadata: { instance_status: 'UP' } }, 0);
  assert.equal(drained.metadata.instance_status, 'OUT_OF_SERVICE');
  assert.equal(endpointOf(decodeRecord(encodeRecord(drained))).weight, 0);
});

test('a tiny weight is written without an exponent', () => {
  assert.equal(recordOf({ ...instance, weight: 0.000002 }, 0).metadata.weight, '0.000002');
  assert.equal(recordOf({ ...instance, weight: 1e-9 }, 0).metadata.weight, '0');
});
