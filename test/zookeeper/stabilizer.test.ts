import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, endpoint } from '../../src/core/endpoint.ts';
import { seeded } from '../../src/core/random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { Stabilizer } from '../../src/zookeeper/stabilizer.ts';

function aService() {
  const clock = new VirtualClock();
  let used = '';
  const stabilizer = new Stabilizer(clock, 2_000, (endpoints) => {
    used = endpoints
      .map(({ id, weight }) => (weight === 1 ? id : `${id}*${weight}`))
      .sort()
      .join(' ');
  });
  /** What the tree says: ids, with `*0` behind those who are leaving. */
  const tree = (text: string) => {
    const words = text === '' ? [] : text.split(' ');
    const entries = words.map((word) => {
      const [id, weight = '1'] = word.split('*') as [string, string?];
      return [id, endpoint(`http://${id}:80`, { id, weight: Number(weight) })] as const;
    });
    stabilizer.update(new Map(entries));
  };
  return { clock, stabilizer, tree, used: () => used };
}

test('who comes is used at once, and who changes is changed at once', () => {
  const { tree, used, clock } = aService();
  tree('a b');
  assert.equal(used(), 'a b');
  tree('a b*7 c');
  assert.equal(used(), 'a b*7 c');
  assert.equal(clock.pending, 0);
});

test('who said so leaves at once; who did not is kept for two seconds', async () => {
  const { tree, used, clock } = aService();
  tree('a b c d');
  tree('a*0 b c d');
  tree('b c d');
  assert.equal(used(), 'b c d');
  tree('c d');
  await clock.advance(1_999);
  assert.equal(used(), 'b c d');
  await clock.advance(1);
  assert.equal(used(), 'c d');
});

test('who is back in time was never away', async () => {
  const { tree, used, clock } = aService();
  tree('a b c d');
  tree('b c d');
  await clock.advance(1_900);
  tree('a b c d');
  await clock.advance(10_000);
  assert.equal(used(), 'a b c d');
});

test('many at once are kept, until most are back', async () => {
  const { tree, used, clock } = aService();
  tree('a b c d e f');
  tree('');
  await clock.advance(300_000);
  assert.equal(used(), 'a b c d e f');
  tree('a b c d e');
  assert.equal(used(), 'a b c d e'); // the one that is still missing was so for long
});

test('many at once are kept for ten minutes at most', async () => {
  const { tree, used, clock } = aService();
  tree('a b c d e f');
  tree('a b c d');
  await clock.advance(599_999);
  assert.equal(used(), 'a b c d e f');
  await clock.advance(1);
  assert.equal(used(), 'a b c d');
});

test('who is found dead by its callers goes at once, but only if the tree misses it too', async () => {
  const { tree, used, stabilizer } = aService();
  tree('a b c d e f');
  stabilizer.dead('a');
  assert.equal(used(), 'a b c d e f');
  tree('d e f');
  stabilizer.dead('a');
  stabilizer.dead('b');
  assert.equal(used(), 'c d e f');
  assert.equal(stabilizer.held, 1);
});

test('the last one of a service may go: one is no mass', async () => {
  const { tree, used, clock } = aService();
  tree('a');
  tree('');
  await clock.advance(2_000);
  assert.equal(used(), '');
});

test('in a tree that began anew the last one of a service is kept too, until it is back or found dead', async () => {
  const { tree, used, clock, stabilizer } = aService();
  tree('a');
  stabilizer.doubt();
  tree('');
  await clock.advance(599_999);
  assert.equal(used(), 'a');
  tree('a');
  tree(''); // back, and so the doubt is over
  await clock.advance(2_000);
  assert.equal(used(), '');
  tree('a');
  stabilizer.doubt();
  tree('');
  stabilizer.dead('a');
  assert.equal(used(), '');
  tree('a');
  stabilizer.doubt();
  tree('');
  await clock.advance(600_000);
  assert.equal(used(), '', 'for ten minutes at most');
});

test('those that somebody before us knew are kept until the tree has them back, unless that is long ago', async () => {
  const all = ['a', 'b'].map((id) => endpoint(`http://${id}:80`, { id }));
  const { tree, used, clock, stabilizer } = aService();
  stabilizer.recall(all, 60_000);
  await clock.advance(5_000);
  tree('');
  assert.equal(used(), 'a b');
  tree('a');
  assert.equal(used(), 'a b');
  await clock.advance(534_999);
  assert.equal(used(), 'a b');
  await clock.advance(1);
  assert.equal(used(), 'a', 'ten minutes after it was known');
  assert.equal(clock.pending, 0);

  const dead = aService();
  dead.stabilizer.recall(all, 0);
  dead.tree('b');
  dead.stabilizer.dead('a');
  assert.equal(dead.used(), 'b');

  const old = aService();
  old.stabilizer.recall(all, 600_000);
  old.tree('a');
  assert.equal(old.used(), 'a');
});

test('while the tree can not be seen nobody goes, and then who is still missing does', async () => {
  const { tree, used, clock, stabilizer } = aService();
  tree('a b c d');
  tree('b c d');
  stabilizer.freeze();
  stabilizer.dead('a');
  await clock.advance(60_000);
  assert.equal(used(), 'a b c d');
  tree('b c d');
  assert.equal(used(), 'b c d');
});

test('what is closed waits for nothing', async () => {
  const { tree, used, clock, stabilizer } = aService();
  tree('a b c d');
  tree('a b c');
  stabilizer.close();
  await clock.advance(10_000);
  assert.equal(used(), 'a b c d');
});

test('of thousands only those that changed are looked at, and the list stays in order', () => {
  const there = new Map<string, Endpoint>();
  const put = (id: string, weight = 1) => there.set(id, endpoint(`http://${id}:80`, { id, weight }));
  let list: readonly Endpoint[] = [];
  const stabilizer = new Stabilizer(new VirtualClock(), 0, (endpoints) => {
    list = endpoints;
  });
  const random = seeded(7);
  for (let at = 0; at < 1_000; at++) put(`i${at}`);
  stabilizer.update(there);
  for (let round = 0; round < 300; round++) {
    const changed = new Set(Array.from({ length: 1 + random.below(3) }, () => `i${random.below(1_100)}`));
    for (const id of changed) if (!there.delete(id)) put(id, 1 + random.below(5));
    stabilizer.update(there, changed);
    const wanted = [...there.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual(list, wanted);
  }
});
