import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Priority } from '../../src/core/priority.ts';
import type { Scope } from '../../src/core/scope.ts';
import type { TestEnv } from '../../src/testing.ts';

/** How many a door lets in, and how the others may wait. */
export interface DoorSettings {
  readonly limit: number;
  readonly queue?: number;
  /** As policies have it: `'50ms'`. */
  readonly wait?: string;
}

/** Something that lets so many in at once, in front of something that is done when it is told to be. */
export interface Door {
  readonly env: TestEnv;
  /** One comes; its scope calls it off. What becomes of it is noted in `came`. */
  ask(name: string, priority?: Priority): Scope;
  /** Those who were let in and are not done: each ends well, or with an error. */
  readonly inside: { readonly name: string; readonly end: (error?: Error) => void }[];
  /** `a done`, `a refused`, in the order in which it was settled. */
  readonly came: string[];
  /** Who is counted as being inside, and as waiting. */
  counts(): readonly [inside: number, waiting: number];
}

/** The laws of everything that bounds how many are served at once. */
export function admissionLaws(kind: string, open: (settings: DoorSettings) => Door): void {
  const law = (title: string, body: (open: (settings: DoorSettings) => Door) => Promise<void>) =>
    test(`${kind}: ${title}`, async () => {
      const opened: Door[] = [];
      await body((settings) => {
        opened.push(open(settings));
        return opened.at(-1)!;
      });
      for (const door of opened) await emptied(door);
    });
  const names = ({ inside }: Door): string => inside.map(({ name }) => name).join('');

  law('as many are in as may be, and the next is refused at once where nobody may wait', async (open) => {
    const door = open({ limit: 2 });
    for (const name of 'abc') door.ask(name);
    await door.env.clock.advance(0);
    assert.equal(names(door), 'ab');
    assert.deepEqual(door.came, ['c refused']);
    assert.deepEqual(door.counts(), [2, 0]);
  });

  law('what is critical may fill the limit twice, what is sheddable half of it', async (open) => {
    const door = open({ limit: 4 });
    for (const name of 'abc') door.ask(name, 'sheddable');
    for (const name of 'defgh') door.ask(name);
    for (const name of 'ijklmn') door.ask(name, 'critical');
    await door.env.clock.advance(0);
    assert.equal(names(door), 'abdeijkl');
    assert.deepEqual(
      door.came,
      ['c', 'f', 'g', 'h', 'm', 'n'].map((name) => `${name} refused`),
    );
  });

  law(
    'who waits comes in when there is room: the most important first, and among equals who came first',
    async (open) => {
      const door = open({ limit: 2, queue: 10, wait: '1s' });
      for (const name of 'ab') door.ask(name);
      for (const name of 'cd') door.ask(name, 'default');
      for (const name of 'uvwx') door.ask(name, 'critical'); // two of them fill the limit for the second time
      await door.env.clock.advance(0);
      assert.equal(names(door), 'abuv');
      assert.deepEqual(door.counts(), [4, 4]);
      const order: string[] = [];
      while (door.inside.length > 0) {
        door.inside.shift()!.end();
        await door.env.clock.advance(1);
        for (const { name } of door.inside) if (!order.includes(name)) order.push(name);
      }
      assert.equal(order.filter((name) => 'wxcd'.includes(name)).join(''), 'wxcd');
    },
  );

  law('nobody waits for longer than is said, nor when too many do; and the least important give way', async (open) => {
    const door = open({ limit: 1, queue: 2, wait: '50ms' });
    door.ask('a');
    door.ask('b', 'sheddable');
    door.ask('c');
    door.ask('d'); // b gives way
    await door.env.clock.advance(10);
    door.ask('e'); // and to e nobody does
    await door.env.clock.advance(0);
    assert.deepEqual(door.came, ['b refused', 'e refused']);
    await door.env.clock.advance(39);
    assert.equal(door.came.length, 2);
    await door.env.clock.advance(1);
    assert.deepEqual(door.came.slice(2).toSorted(), ['c refused', 'd refused']);
    assert.deepEqual(door.counts(), [1, 0]);
  });

  law('who is called off while waiting leaves no gap, and takes no place', async (open) => {
    const door = open({ limit: 1, queue: 5, wait: '1s' });
    door.ask('a');
    const gone = door.ask('b');
    door.ask('c');
    await door.env.clock.advance(0);
    gone.cancel(new Error('gone'));
    await door.env.clock.advance(0);
    assert.deepEqual(door.counts(), [1, 1]);
    door.inside[0]!.end();
    await door.env.clock.advance(0);
    assert.deepEqual(door.came, ['b gone', 'a done']);
    assert.equal(door.inside.at(-1)!.name, 'c');
  });

  law('who fails makes room as who is served does', async (open) => {
    const door = open({ limit: 1 });
    for (let turn = 0; turn < 20; turn++) {
      door.ask(`${turn}`);
      await door.env.clock.advance(0);
      door.inside.shift()!.end(turn % 2 === 0 ? undefined : new Error('slip'));
      await door.env.clock.advance(0);
    }
    assert.equal(door.came.filter((what) => what.endsWith('done')).length, 10);
    assert.equal(door.came.filter((what) => what.endsWith('slip')).length, 10);
    assert.deepEqual(door.counts(), [0, 0]);
  });
}

/** When all are done nobody is counted any more, and nothing is left behind. */
async function emptied({ env, inside, counts }: Door): Promise<void> {
  for (let turn = 0; turn < 100 && inside.length > 0; turn++) {
    for (const { end } of inside.splice(0)) end();
    await env.clock.advance(1);
  }
  await env.clock.advance(2_000);
  assert.deepEqual(counts(), [0, 0]);
  assert.deepEqual([env.clock.scheduled, env.timeouts.waiting], [0, 0]);
}
