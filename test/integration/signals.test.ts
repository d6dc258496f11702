import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createMesh } from '../../src/index.ts';
import { aFolder, type Program, start } from '../support/processes.ts';
import type { LeaverSettings, Step } from './programs/leaver.ts';

/** Starts a server, and waits until it is listed. */
async function leaver(t: TestContext, settings: LeaverSettings = {}): Promise<Program> {
  const program = start(t, 'leaver', settings);
  await program.said('address');
  return program;
}

async function steps(program: Program, count: number): Promise<string[]> {
  const said: string[] = [];
  while (said.length < count) {
    const { step, service, problem } = await program.said<Step>('step');
    said.push(`${service} ${step}${problem}`);
  }
  return said;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} makes a mesh leave in good order, and then ends the process as it would have`, async (t) => {
    const program = await leaver(t);
    process.kill(program.pid, signal);
    assert.deepEqual(await steps(program, 3), ['orders drained', 'orders stopped', 'orders closed']);
    assert.equal(await program.ended, signal);
  });
}

test('who is ended by a signal leaves nothing in the folder in which it was listed', async (t) => {
  const folder = await aFolder(t);
  const program = await leaver(t, { registry: `local://${folder}` });
  assert.equal((await readdir(join(folder, 'orders'))).length, 1);
  process.kill(program.pid, 'SIGTERM');
  assert.equal(await program.ended, 'SIGTERM');
  assert.deepEqual(await readdir(join(folder, 'orders')), []);
});

test('a second signal ends the process at once, whatever is still to be done', async (t) => {
  const program = await leaver(t, { stuck: true });
  process.kill(program.pid, 'SIGTERM');
  assert.deepEqual(await steps(program, 1), ['orders drained']);
  process.kill(program.pid, 'SIGINT');
  assert.equal(await program.ended, 'SIGINT');
});

for (const ownListens of ['on', 'once'] as const) {
  test(`where others listen to the signal too, the end is theirs: by \`${ownListens}\``, async (t) => {
    const program = await leaver(t, { ownExit: 7, ownListens });
    process.kill(program.pid, 'SIGTERM');
    assert.deepEqual(await steps(program, 3), ['orders drained', 'orders stopped', 'orders closed']);
    assert.equal(await program.ended, 7);
  });
}

test('two meshes of one process leave together, and it ends when both have', async (t) => {
  const program = await leaver(t, { twice: true });
  process.kill(program.pid, 'SIGTERM');
  const said = await steps(program, 5);
  assert.deepEqual(said.sort(), ['orders closed', 'orders drained', 'orders stopped', 'stock closed', 'stock drained']);
  assert.equal(await program.ended, 'SIGTERM');
});

test('meshes share one listener for each signal, and the last that closes takes it away', async () => {
  const listeners = () => ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal));
  const before = listeners();
  const more = before.map((count) => count + 1);
  const options = { service: 'checkout', registry: { fixed: {} } };
  await using first = await createMesh({ ...options, signals: true });
  const second = await createMesh({ ...options, signals: { drainMs: 5 } });
  await using third = await createMesh({ ...options, signals: false });
  assert.deepEqual(listeners(), more);
  await second.close();
  assert.deepEqual(listeners(), more);
  await third.close();
  assert.deepEqual(listeners(), more);
  await first.close();
  assert.deepEqual(listeners(), before);
});

test('what a signal is to do is checked when the mesh is made', async () => {
  for (const [signals, message] of [
    ['SIGTERM', /createMesh: signals: options must be an object with drainMs, timeoutMs/],
    [{ drain: 1 }, /createMesh: signals: no such option 'drain'/],
    [{ drainMs: Number.NaN }, /createMesh: signals: drainMs must be a number of at least 0, got NaN/],
  ] as const) {
    const options = { service: 'checkout', registry: { fixed: {} }, signals } as never;
    await assert.rejects(createMesh(options), { code: 'INVALID_ARGUMENT', message });
  }
});
