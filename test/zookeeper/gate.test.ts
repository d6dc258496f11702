import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../../src/testing/virtual-clock.ts';
import { Gate } from '../../src/zookeeper/gate.ts';

test('so many run at once, the others in the order they came, and a failure makes room too', async () => {
  const gate = new Gate(2);
  const started: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const task = (n: number) => () =>
    new Promise<number>((resolve, reject) => {
      started.push(n);
      ends.push((error) => (error === undefined ? resolve(n) : reject(error)));
    });
  const all = [0, 1, 2, 3].map((n) => gate.run(task(n)));
  await settled();
  assert.deepEqual(started, [0, 1]);
  ends[1]!(new Error('for the test'));
  await assert.rejects(all[1]!);
  await settled();
  assert.deepEqual(started, [0, 1, 2]);
  ends[0]!();
  await settled();
  for (const end of ends) end();
  assert.deepEqual(await Promise.all([all[0], all[2], all[3]]), [0, 2, 3]);
  assert.equal(await gate.run(async () => 4), 4);
});

test('those in line can be sent away, and the line moves on', async () => {
  const gate = new Gate(1);
  let end = () => {};
  const first = gate.run(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const second = gate.run(async () => 2);
  gate.refuse(new Error('gone'));
  await assert.rejects(second, { message: 'gone' });
  const third = gate.run(async () => 3);
  end();
  await first;
  assert.equal(await third, 3);
});

test('a gate that is shut lets nobody in, tells when all are out, and lets in those who waited when it opens', async () => {
  const gate = new Gate(2);
  const ends: (() => void)[] = [];
  const long = () => gate.run(() => new Promise<void>((resolve) => ends.push(resolve)));
  const running = [long(), long()];
  let isEmpty = false;
  const shut = gate.shut().then(() => {
    isEmpty = true;
  });
  const started: number[] = [];
  const later = [1, 2, 3].map((n) => gate.run(async () => void started.push(n)));
  ends[0]!();
  await settled();
  assert.deepEqual([isEmpty, started], [false, []]);
  ends[1]!();
  await Promise.all([shut, ...running]);
  await settled();
  assert.deepEqual(started, []);
  gate.open();
  await Promise.all(later);
  assert.deepEqual(started, [1, 2, 3]);
  await gate.shut(); // nobody is in
  const sent = gate.run(async () => 4);
  gate.refuse(new Error('gone'));
  await assert.rejects(sent, { message: 'gone' });
});
