import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordProblem } from '../../src/wire/record.ts';
import { memberOf } from '../../src/zookeeper/members.ts';

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
