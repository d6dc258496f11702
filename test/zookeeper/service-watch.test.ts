import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { settled } from '../../src/testing/virtual-clock.ts';
import { ServiceWatch } from '../../src/zookeeper/service-watch.ts';
import { Snapshot } from '../../src/zookeeper/snapshot.ts';
import { idsOf } from '../support/resolutions.ts';
import { aFolder } from './a-folder.ts';

/** A service with two instances, and a process that noted them and ended. The next finds what was noted. */
async function aRestart(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'inmesh-watch-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const world = aFolder();
  world.put('a', 1_000);
  world.put('b', 2_000);
  const start = () => {
    const snapshot = new Snapshot(join(folder, 'services.json'), 'x', world.env);
    const watch = new ServiceWatch({ ...world.tree, snapshot }, 'orders', () => {});
    return { watch, end: () => Promise.all([snapshot.close(), watch[Symbol.asyncDispose]()]) };
  };
  const before = start();
  await settled();
  await before.end();
  world.state.set({ is: 'connecting', problem: 'it is away' });
  return { ...world, start, path: join(folder, 'services.json') };
}

test('who left while nobody looked is off the list once the same tree says so, whatever was remembered', async (t) => {
  const { start, env, connect, remove } = await aRestart(t);
  remove('a');
  const { watch, end } = start();
  await env.clock.advance(3_000);
  assert.equal(watch.value.is, 'stale');
  assert.deepEqual(idsOf(watch.value), ['a', 'b']);
  connect();
  await settled();
  assert.equal(watch.value.is, 'bound');
  assert.deepEqual(idsOf(watch.value), ['b']);
  await end();
});

test('who is missing in a tree that began anew is kept, since they may only not have come back yet', async (t) => {
  const { start, env, connect, wipe, put } = await aRestart(t);
  const { watch, end } = start();
  await env.clock.advance(3_000);
  wipe({ b: 2_001 });
  connect();
  await env.clock.advance(60_000);
  assert.equal(watch.value.is, 'bound');
  assert.deepEqual(idsOf(watch.value), ['a', 'b']);
  put('a', 1_001);
  await settled();
  assert.deepEqual(watch.value.is === 'bound' && watch.value.endpoints.map(({ address }) => address), [
    '10.0.0.1:1001',
    '10.0.0.1:2001',
  ]);
  await end();
});

test('of a node with a name as long as a book no more is told than its beginning', async () => {
  const { put, tree, env } = aFolder();
  put('n'.repeat(100_000), 1_000);
  put('a', 1_000);
  const watch = new ServiceWatch(tree, 'orders', () => {});
  await settled();
  assert.deepEqual(idsOf(watch.value), ['a']);
  const [event] = env.told.filter(({ type }) => type === 'record');
  assert.ok(event?.type === 'record' && event.id === 'n'.repeat(512), JSON.stringify(event).slice(0, 200));
  await watch[Symbol.asyncDispose]();
});

test('a snapshot of a process that wrote no marks is as good as one of a tree that began anew', async (t) => {
  const { start, env, connect, remove, path } = await aRestart(t);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"folders":{[^}]*},/, ''));
  remove('a');
  const { watch, end } = start();
  await env.clock.advance(3_000);
  connect();
  await env.clock.advance(60_000);
  assert.deepEqual(idsOf(watch.value), ['a', 'b']);
  await env.clock.advance(600_000);
  assert.deepEqual(idsOf(watch.value), ['b']);
  await end();
});
