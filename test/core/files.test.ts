import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Files } from '../../src/core/files.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** Two files that belong together, and what was made of them. */
async function two(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-files-'));
  t.after(() => rm(folder, { recursive: true }));
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  await Promise.all([writeFile(a, '1'), writeFile(b, '1')]);
  const clock = new VirtualClock();
  const [taken, problems]: [string[], string[]] = [[], []];
  let looks = 0;
  const files = new Files(
    clock,
    [a, b],
    ([first, second]) => {
      looks++;
      if (first !== second) throw new Error(`${first} and ${second} do not fit`);
      taken.push(first!);
    },
    (error) => problems.push((error as Error).message),
  );
  /** Goes on until it has looked again. */
  const look = async () => {
    const before = looks + problems.length;
    while (looks + problems.length === before) {
      await clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { a, b, clock, files, taken, problems, look, folder };
}

test('files are read again when one has changed, and taken once they fit together', async (t) => {
  const { a, b, clock, files, taken, problems, look } = await two(t);
  const close = await files.open();
  assert.deepEqual(taken, ['1']);
  await writeFile(a, 'two'); // of another length: within a tick of the machine it differs in nothing else
  await look();
  assert.deepEqual([taken, problems.at(-1)], [['1'], 'two and 1 do not fit']);
  await writeFile(b, 'two');
  while (taken.length < 2) await look();
  assert.deepEqual(taken, ['1', 'two']);
  close();
  await clock.advance(10_000);
  assert.equal(clock.pending, 0);
});

test('a file that was away and comes back as it was is taken again, so that who heard of the trouble hears that it is over', async (t) => {
  const { a, files, taken, problems, look } = await two(t);
  const close = await files.open();
  await rename(a, `${a}.away`);
  await look();
  assert.match(problems.at(-1)!, /ENOENT/);
  await rename(`${a}.away`, a);
  while (taken.length < 2) await look();
  assert.deepEqual(taken, ['1', '1']);
  close();
});

test('a file that is empty, as one is while it is written over, is not taken; nor is one that is not there', async (t) => {
  const { a, b, files, taken, problems, look, folder } = await two(t);
  const close = await files.open();
  await Promise.all([writeFile(a, ''), writeFile(b, '')]);
  await look();
  assert.match(problems.at(-1)!, /\/a is empty$/);
  await rm(a);
  while (!/ENOENT/.test(problems.at(-1)!)) await look();
  await writeFile(join(folder, 'new'), '3');
  await writeFile(b, '3');
  await rename(join(folder, 'new'), a);
  while (taken.length < 2) await look();
  assert.deepEqual(taken, ['1', '3']);
  close();
});
