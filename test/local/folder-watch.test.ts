import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Registry, Resolving } from '../../src/discovery/registry.ts';
import type { WatchFolder } from '../../src/local/folder-watch.ts';
import { anInstance, everyValue, idsOf } from '../support/resolutions.ts';
import { StillFolder } from '../support/still-folder.ts';

const forever = { serviceType: 'STATIC' } as const;

test('where the system has no watch to spare, a tenth of a second is as long as anything stays unseen', async () => {
  await using world = await StillFolder.make();
  await using client = world.open();
  const orders = client.resolve('orders');
  for (const id of ['a', 'b', 'c']) {
    await world.leave(anInstance(id), undefined, forever);
    await world.pass(100);
    assert.equal(idsOf(orders.value).at(-1), id);
  }
});

test('a watch that fails is done without, and begun again at the next look', async () => {
  await using world = await StillFolder.make();
  const fails: (() => void)[] = [];
  let open = 0;
  const failing: WatchFolder = (_, __, failed) => {
    open++;
    fails.push(failed);
    return { close: () => void open-- };
  };
  const client = world.open({ watch: failing });
  const orders = await seenBy(client, world);
  assert.equal(fails.length, 1);
  fails[0]?.();
  await world.leave(anInstance('b'), undefined, forever);
  await world.pass(500);
  assert.deepEqual(idsOf(orders.value), ['a', 'b']);
  assert.equal(fails.length, 2);
  await client.close();
  assert.equal(open, 0);
});

test('a flock of changes is looked at together, and not only when it has ended', async () => {
  await using world = await StillFolder.make();
  const watches = new Watches();
  await using client = world.open({ watch: watches.watch });
  const orders = await seenBy(client, world);
  const heard = everyValue(orders);
  await world.leave(anInstance('b'), undefined, forever);
  for (let at = 0; at < 200; at++) {
    watches.tell('orders', 'b.json');
    await world.pass(0.1, 0.1);
  }
  assert.deepEqual(heard.map(idsOf), [['a'], ['a', 'b']]);
});

test('what other programs do beside the records wakes nobody', async () => {
  await using world = await StillFolder.make();
  const watches = new Watches();
  await using client = world.open({ watch: watches.watch });
  const orders = await seenBy(client, world);
  await world.leave(anInstance('b'), undefined, forever);
  for (const fileName of ['.1-2.tmp', 'README.md', '.hidden.json']) watches.tell('orders', fileName);
  await world.pass(100);
  assert.deepEqual(idsOf(orders.value), ['a']); // the look every half second will find it
  watches.tell('orders', null); // something, and the system does not say what
  await world.pass(50);
  assert.deepEqual(idsOf(orders.value), ['a', 'b']);
});

test('a service that is new is heard of at once', async () => {
  await using world = await StillFolder.make();
  const watches = new Watches();
  await using client = world.open({ watch: watches.watch });
  const orders = client.resolve('orders');
  await world.pass(50);
  assert.deepEqual(watches.folders, ['mesh']);
  await world.leave(anInstance('a'), undefined, forever);
  watches.tell('mesh', 'payments');
  await world.pass(50);
  assert.equal(orders.value.is, 'unknown');
  watches.tell('mesh', 'orders');
  await world.pass(50);
  assert.deepEqual(idsOf(orders.value), ['a']);
  assert.deepEqual(watches.folders, ['mesh', 'orders']);
});

test('a folder that was made anew between two looks is watched anew', async () => {
  await using world = await StillFolder.make();
  const watches = new Watches();
  await using client = world.open({ watch: watches.watch });
  const orders = await seenBy(client, world);
  await rename(join(world.folder, 'orders'), join(world.folder, 'aside'));
  await world.leave(anInstance('b'), undefined, forever);
  await world.pass(500);
  assert.deepEqual(idsOf(orders.value), ['b']);
  assert.deepEqual([watches.begun, watches.folders], [2, ['orders']]);
});

test('who closes before the first look is over leaves no watch and no timer', async () => {
  await using world = await StillFolder.make();
  const watches = new Watches();
  await world.leave(anInstance('a'), undefined, forever);
  for (let turn = 0; turn < 5; turn++) {
    const client = world.open({ watch: watches.watch });
    const orders = client.resolve('orders');
    client.resolve('payments');
    for (let wait = 0; wait < turn; wait++) await new Promise(setImmediate);
    await client.close();
    const heard = everyValue(orders);
    await world.pass(1_000);
    assert.deepEqual([watches.folders, heard.length], [[], 1]);
  }
});

/** The list of `orders` as a client sees it, which has found `a` there. */
async function seenBy(client: Registry, world: StillFolder): Promise<Resolving> {
  await world.leave(anInstance('a'), undefined, forever);
  const orders = client.resolve('orders');
  await world.pass(50);
  return orders;
}

/** Watches that a test can tell things, by the last part of the folder's name. */
class Watches {
  readonly #open = new Map<object, [folder: string, changed: (fileName: string | null) => void]>();
  begun = 0;

  get folders(): string[] {
    return [...this.#open.values()].map(([folder]) => folder);
  }

  tell(folder: string, fileName: string | null): void {
    for (const [name, changed] of this.#open.values()) if (name === folder) changed(fileName);
  }

  readonly watch: WatchFolder = (folder, changed) => {
    const watcher = { close: () => void this.#open.delete(watcher) };
    this.#open.set(watcher, [basename(folder), changed]);
    this.begun++;
    return watcher;
  };
}
