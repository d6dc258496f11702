import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordProblem } from '../../src/wire/record.ts';
import { knownOf, memberOf } from '../../src/zookeeper/members.ts';
import type { Stat } from '../../src/zookeeper/operations.ts';
import { fc } from '../support/fast-check.ts';

const member = (text: string, name = 'n') => {
  const { id, url, weight, metadata } = memberOf(name, Buffer.from(text));
  return { id, url, weight, metadata };
};

test("a record of Curator's is an endpoint, by the name of its node", () => {
  const record = { name: 'orders', id: 'i1', address: '::1', port: 80, sslPort: null, payload: null };
  assert.deepEqual(member(JSON.stringify(record), 'i1-0000000007'), {
    id: 'i1-0000000007',
    url: 'http://[::1]',
    weight: 1,
    metadata: {},
  });
});

test('a member of a serverset is an endpoint, and takes no calls unless it is alive', () => {
  const text = (more: string) =>
    `{"serviceEndpoint":{"host":"10.0.0.1","port":8080},"additionalEndpoints":{}${more},"shard":3}`;
  assert.deepEqual(member(text(',"status":"ALIVE"'), 'member_0000000001'), {
    id: 'member_0000000001',
    url: 'http://10.0.0.1:8080',
    weight: 1,
    metadata: { shard: '3' },
  });
  assert.equal(member(text('')).weight, 1);
  assert.equal(member(text(',"status":"STOPPING"')).weight, 0);
});

test('what is no record is a problem of its own, and nothing else is thrown', () => {
  const wrong = [
    '',
    'null',
    '[]',
    '{"serviceEndpoint":',
    '{"serviceEndpoint":{}}',
    '{"serviceEndpoint":{"host":"a/b","port":1}}',
    '{"serviceEndpoint":{"host":"a","port":0}}',
    '{"serviceEndpoint":7}',
    '{"name":"x","id":"y","port":"80;rm"}',
    `{"serviceEndpoint":"${'x'.repeat(70_000)}"}`,
  ];
  for (const text of wrong) assert.throws(() => member(text), RecordProblem, text.slice(0, 60));
});

test('a node whose name is a book of its own is passed over: it would stand in every list, log and event', () => {
  const record = JSON.stringify({ name: 'orders', id: 'i1', address: '10.0.0.1', port: 80, sslPort: null });
  assert.equal(member(record, 'n'.repeat(512)).url, 'http://10.0.0.1');
  for (const text of [record, '{"serviceEndpoint":{"host":"10.0.0.1","port":80}}']) {
    assert.throws(() => member(text, 'n'.repeat(513)), {
      name: 'RecordProblem',
      message: 'the name of its node is longer than 512 characters',
    });
  }
});

test('what Finagle announces and what Dubbo registers as an application are endpoints, byte for byte as they write it', () => {
  const finagle =
    '{"status":"ALIVE","additionalEndpoints":{"http":{"host":"10.0.0.2","port":80}},"serviceEndpoint":{"host":"10.0.0.1","port":8080},"shard":0,"metadata":{}}';
  assert.deepEqual(member(finagle, 'member_0000000000'), {
    id: 'member_0000000000',
    url: 'http://10.0.0.1:8080',
    weight: 1,
    metadata: { shard: '0' },
  });
  const dubbo =
    '{"name":"demo-provider","id":"10.0.0.5:20880","address":"10.0.0.5","port":20880,"sslPort":null,"payload":{"@class":"org.apache.dubbo.registry.zookeeper.ZookeeperInstance","id":"10.0.0.5:20880","name":"demo-provider","metadata":{"dubbo.endpoints":"[{\\"port\\":20880,\\"protocol\\":\\"dubbo\\"}]","dubbo.metadata.revision":"1b7ee1d8d2c5a5c5ed5f7a8b3c4d9e0f","dubbo.metadata.storage-type":"local","timestamp":"1700000000000"}},"registrationTimeUTC":1700000000000,"serviceType":"DYNAMIC","uriSpec":null}';
  assert.deepEqual(member(dubbo, '10.0.0.5:20880'), {
    id: '10.0.0.5:20880',
    url: 'http://10.0.0.5:20880',
    weight: 1,
    metadata: {
      'dubbo.endpoints': '[{"port":20880,"protocol":"dubbo"}]',
      'dubbo.metadata.revision': '1b7ee1d8d2c5a5c5ed5f7a8b3c4d9e0f',
      'dubbo.metadata.storage-type': 'local',
      timestamp: '1700000000000',
    },
  });
});

test('whatever a node holds, nothing is thrown: it is an endpoint or a problem', () => {
  const stat: Stat = {
    czxid: 1n,
    ctime: 0n,
    mzxid: 1n,
    pzxid: 1n,
    ephemeralOwner: 0n,
    version: 0,
    dataLength: 0,
    numChildren: 0,
  };
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.string(),
    fc.constantFrom('::1', 'a..b', 'xn--a', '[::1]', '0x7f.1', '%31', -1, 1e9),
  );
  const record = fc.record(
    {
      ...{ serviceEndpoint: fc.oneof(odd, fc.record({ host: odd, port: fc.oneof(odd, fc.nat({ max: 65_535 })) })) },
      ...{
        name: odd,
        id: odd,
        address: odd,
        port: odd,
        sslPort: odd,
        payload: odd,
        status: odd,
        shard: odd,
        enabled: odd,
      },
    },
    { requiredKeys: [] },
  );
  const data = fc.oneof(
    record.map((value) => Buffer.from(JSON.stringify(value))),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.string(), data, (name, bytes) => {
      const { endpoint, problem } = knownOf(name, bytes, stat);
      assert.ok((endpoint === undefined) === (problem !== ''));
      assert.notEqual(problem, 'it can not be read', 'every problem has a name');
    }),
    { numRuns: 3_000 },
  );
});
