import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { endpoint } from '../../src/core/endpoint.ts';
import { testEnv } from '../../src/testing/env.ts';
import { Snapshot } from '../../src/zookeeper/snapshot.ts';

function aPlace(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'inmesh-snapshot-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'registry.json');
  const env = testEnv();
  const problems = () => env.told.flatMap((event) => (event.type === 'record' ? [event.problem] : []));
  return { folder, path, env, problems, open: (registry = 'zookeeper://a:2181') => new Snapshot(path, registry, env) };
}

const a = endpoint('http://10.0.0.5:80', { id: 'a', weight: 3, zone: 'z', metadata: { version: '2' } });
const b = endpoint('https://[::1]:8443', { id: 'b' });

test('what is noted is found by the next process, whole', async (t) => {
  const { open, path, folder } = aPlace(t);
  const before = open();
  before.note('orders', [a, b]);
  before.note('gone', [a]);
  before.note('gone', []);
  await before.close();
  assert.deepEqual(open().of('orders'), [a, b]);
  assert.equal(open().of('gone'), undefined);
  assert.equal(open().of('constructor'), undefined);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['registry.json']);
});

test('many changes are one write, a second after the first', async (t) => {
  const { open, env, folder } = aPlace(t);
  const snapshot = open();
  for (let round = 0; round < 10; round++) snapshot.note(`s${round}`, [a]);
  await env.clock.advance(999);
  assert.deepEqual(readdirSync(folder), []);
  await env.clock.advance(1);
  await snapshot.close();
  assert.equal(Object.keys(JSON.parse(readFileSync(join(folder, 'registry.json'), 'utf8')).services).length, 10);
  assert.equal(env.clock.pending, 0);
});

test('a file that is not what it should be is not believed, and says why', async (t) => {
  const { open, path, problems } = aPlace(t);
  const good = open();
  good.note('orders', [a]);
  await good.close();
  const text = readFileSync(path, 'utf8');
  const cases: [string, string][] = [
    ['', 'it is not JSON'],
    ['null', 'it is not of version 1'],
    [text.replace('"version":1', '"version":2'), 'it is not of version 1'],
    [text.replace('zookeeper://a', 'zookeeper://b'), 'it is of another registry'],
    [text.replace('"weight":3', '"weight":"3"'), 'an endpoint in it is not one'],
    [text.replace('http://10.0.0.5', 'file:///etc/passwd'), 'an endpoint must be an http or https URL'],
    [text.replace('{"orders":[', '{"orders":{"x":[').replace(']}', ']}}'), 'a service in it is not a list'],
  ];
  for (const [content, problem] of cases) {
    writeFileSync(path, content);
    assert.equal(open().of('orders'), undefined);
    assert.ok(problems().at(-1)?.includes(problem), `${problems().at(-1)} is not ${problem}`);
  }
  writeFileSync(path, text);
  chmodSync(path, 0o620);
  assert.equal(open().of('orders'), undefined);
  assert.ok(problems().at(-1)?.includes('others may write it'));
});

test('a place that can not be written is refused at the door', (t) => {
  const { env, folder } = aPlace(t);
  assert.throws(() => new Snapshot(join(folder, 'nowhere', 'x.json'), 'r', env), {
    code: 'INVALID_ARGUMENT',
    message: /can not be written: ENOENT/,
  });
});
