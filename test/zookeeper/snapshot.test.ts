import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
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

/** Whether the file says that weight by now. */
const readsAs = (path: string, weight: number): boolean => {
  try {
    return readFileSync(path, 'utf8').includes(`"weight":${weight},`);
  } catch {
    return false;
  }
};

async function until(fits: () => boolean): Promise<void> {
  while (!fits()) await new Promise((resolve) => setImmediate(resolve));
}

test('what is noted is found by the next process, whole', async (t) => {
  const { open, path, folder } = aPlace(t);
  const before = open();
  before.note('orders', [a, b], '7 1000');
  before.note('gone', [a]);
  before.note('gone', []);
  await before.close();
  assert.deepEqual(open().of('orders'), { endpoints: [a, b], ageMs: 0, folder: '7 1000' });
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
  const { at } = JSON.parse(text);
  writeFileSync(path, text.replace(`"at":${at}`, '"at":"today"'));
  assert.equal(open().of('orders'), undefined);
  assert.ok(problems().at(-1)?.includes('it does not say when'));
  writeFileSync(path, text.slice(0, -20));
  assert.equal(open().of('orders'), undefined);
  assert.ok(problems().at(-1)?.includes('it is not JSON'), 'half of a file');
  writeFileSync(path, text);
  chmodSync(path, 0o620);
  assert.equal(open().of('orders'), undefined);
  assert.ok(problems().at(-1)?.includes('others may write it'));
});

test('what is remembered has an age, which a write of something else does not renew', async (t) => {
  const { open, env } = aPlace(t);
  const first = open();
  first.note('orders', [a]);
  first.note('stock', [b]);
  await first.close();
  await env.clock.advance(60_000);
  const second = open();
  assert.equal(second.of('orders')?.ageMs, 60_000);
  second.note('stock', [a, b]);
  assert.equal(second.of('stock')?.ageMs, 0, 'told a moment ago');
  await second.close();
  await env.clock.advance(5_000);
  const third = open();
  assert.deepEqual([third.of('orders')?.ageMs, third.of('stock')?.ageMs], [65_000, 5_000]);
  await env.clock.advance(30 * 24 * 3_600_000);
  third.note('stock', [a]);
  await third.close();
  assert.equal(open().of('orders'), undefined, 'of what nobody has asked for in a month nothing is kept');
});

test('what holds is as old as it is since that was last seen, though nothing changed and nobody said goodbye', async (t) => {
  const { open, env } = aPlace(t);
  const first = open();
  first.note('orders', [a]);
  await env.clock.advance(5 * 3_600_000);
  await first.written();
  const { ageMs } = open().of('orders')!; // the first was killed
  assert.ok(ageMs <= 300_000, `${ageMs} ms`);
  first.holds(false); // from now on nobody can be asked
  await env.clock.advance(3_600_000);
  assert.equal(first.of('orders')?.ageMs, 3_600_000);
  await first.close();
  assert.equal(open().of('orders')?.ageMs, 3_600_000);
  assert.equal(env.clock.pending, 0);
});

test('a write that failed is made up for, though nothing changes any more', async (t) => {
  const { open, path, env, problems } = aPlace(t);
  mkdirSync(path);
  const snapshot = open();
  snapshot.note('orders', [a]);
  await env.clock.advance(1_000);
  await snapshot.written();
  assert.equal(problems().length, 2);
  rmSync(path, { recursive: true });
  await env.clock.advance(60_000);
  await snapshot.written();
  assert.deepEqual(open().of('orders')?.endpoints, [a]);
  assert.equal(problems().length, 2);
  await snapshot.close();
});

test('a disk that stands still is written to once it goes on, not once for each change that there was meanwhile', async (t) => {
  const { open, env, path } = aPlace(t);
  const { writeFile } = files;
  const begun: (() => void)[] = [];
  const put = (what: unknown) => {
    Object.assign(files, { writeFile: what });
    syncBuiltinESMExports();
  };
  t.after(() => put(writeFile));
  put(async (...all: Parameters<typeof writeFile>) => {
    await new Promise<void>((resolve) => begun.push(resolve));
    return writeFile(...all);
  });
  const snapshot = open();
  for (let weight = 1; weight <= 50; weight++) {
    snapshot.note('orders', [endpoint('http://10.0.0.5:80', { id: 'a', weight })]);
    await env.clock.advance(1_000);
  }
  assert.equal(begun.length, 1);
  const closed = snapshot.close();
  for (let at = 0; at < begun.length; at++) {
    begun[at]!();
    await until(() => begun.length > at + 1 || readsAs(path, 50));
  }
  await closed;
  assert.equal(begun.length, 2);
});

test('a pipe, a folder or a file of somebody else in its place is told of, and holds nobody up', (t) => {
  const { open, path, problems } = aPlace(t);
  execFileSync('mkfifo', [path]);
  assert.equal(open().of('orders'), undefined);
  assert.match(problems().at(-1)!, /not a file of a sensible size/);
  rmSync(path);
  mkdirSync(path);
  assert.equal(open().of('orders'), undefined);
  assert.match(problems().at(-1)!, /not a file of a sensible size/);
  rmSync(path, { recursive: true });
  symlinkSync(join(path, '..', 'nowhere'), path);
  assert.equal(open().of('orders'), undefined);
});

test('two of one process that have one file do not spoil it, and a link in its place is replaced, not followed', async (t) => {
  const { open, path, folder, problems } = aPlace(t);
  const other = join(folder, 'other');
  writeFileSync(other, 'mine');
  symlinkSync(other, path);
  const both = [open(), open()];
  for (const one of both) one.note('orders', [a, b]);
  await Promise.all(both.map((one) => one.close()));
  assert.deepEqual(open().of('orders')?.endpoints, [a, b]);
  assert.equal(readFileSync(other, 'utf8'), 'mine');
  assert.deepEqual(readdirSync(folder).sort(), ['other', 'registry.json']);
  assert.deepEqual(problems(), ['the snapshot: it is not JSON', 'the snapshot: it is not JSON']);
});

test('a place that can not be written is refused at the door', (t) => {
  const { env, folder } = aPlace(t);
  assert.throws(() => new Snapshot(join(folder, 'nowhere', 'x.json'), 'r', env), {
    code: 'INVALID_ARGUMENT',
    message: /can not be written: ENOENT/,
  });
});
