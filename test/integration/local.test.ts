import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { isTemporary } from '../../src/local/record-files.ts';
import { decodeRecord } from '../../src/wire/record.ts';
import { LocalWorld } from '../support/local-world.ts';
import { has, idsOf, isBoundTo } from '../support/resolutions.ts';
import { until } from '../support/until.ts';

const SCRIPT = join(import.meta.dirname, '../support/local-process.ts');
const limit = { timeout: 180_000 };

class Processes implements AsyncDisposable {
  readonly world: LocalWorld;
  readonly #children: ChildProcess[] = [];

  constructor(world: LocalWorld) {
    this.world = world;
  }

  /** Starts a process; gives it and the first thing that it says. */
  async start(
    id: string,
    port: number,
    then = '',
  ): Promise<[child: ChildProcess, said: string, ended: Promise<number>]> {
    const args = [SCRIPT, `local://${this.world.folder}`, id, String(port), then];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#children.push(child);
    const ended = once(child, 'exit').then(([code]) => code as number);
    const [said] = (await once(createInterface(child.stdout), 'line')) as [string];
    return [child, said, ended];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  }
}

test('a process that is killed is gone from every list, and so is its file', limit, async () => {
  await using world = await LocalWorld.make();
  await using processes = new Processes(world);
  await using client = await world.open();
  const orders = client.resolve('orders');
  const [first] = await processes.start('a', 3001, 'stay');
  const [second] = await processes.start('b', 3002, 'stay');
  await until(orders, isBoundTo('a', 'b'));
  first.kill('SIGKILL');
  await until(orders, isBoundTo('b'));
  second.kill('SIGTERM');
  await until(orders, isBoundTo());
  await using again = await world.open();
  await until(again.resolve('orders'), isBoundTo());
  // One that is killed while it tidies up after another leaves its lock behind, for a minute.
  const records = async () => (await readdir(join(world.folder, 'orders'))).filter((name) => !isTemporary(name));
  while ((await records()).length > 0) await new Promise(setImmediate);
});

test('of two processes of one id the second is refused, and takes nothing with it', limit, async () => {
  await using world = await LocalWorld.make();
  await using processes = new Processes(world);
  await using client = await world.open();
  const orders = client.resolve('orders');
  const [, said] = await processes.start('a', 3001, 'stay');
  assert.equal(said, 'listed');
  await until(orders, isBoundTo('a'));
  const [, refused, ended] = await processes.start('a', 3002);
  assert.equal(refused, "orders: another live process is listed as 'a' (UNAVAILABLE: registry)");
  assert.equal(await ended, 0);
  assert.equal(decodeRecord(await readFile(world.pathOf('orders', 'a'))).port, 3001);
  assert.deepEqual(idsOf(orders.value), ['a']);
});

test('a process that is started again under the same id takes its old place', limit, async () => {
  await using world = await LocalWorld.make();
  await using processes = new Processes(world);
  await using client = await world.open();
  const orders = client.resolve('orders');
  const [first, , ended] = await processes.start('a', 3001, 'stay');
  await until(orders, isBoundTo('a'));
  first.kill('SIGKILL');
  await ended;
  const [, said] = await processes.start('a', 3002, 'stay');
  assert.equal(said, 'listed');
  await until(
    orders,
    has('a', ({ address }) => address.endsWith(':3002')),
  );
});

for (const [then, code] of [
  ['exit', 3],
  ['throw', 1],
  ['', 0],
] as const) {
  const how = { exit: 'calls process.exit', throw: 'throws', '': 'has nothing more to do' }[then];
  test(`a process that ${how} ends at once, and leaves no file`, limit, async () => {
    await using world = await LocalWorld.make();
    await using processes = new Processes(world);
    const [, said, ended] = await processes.start('a', 3001, then);
    assert.equal(said, 'listed');
    assert.equal(await ended, code);
    assert.deepEqual(await readdir(join(world.folder, 'orders')), []);
  });
}
