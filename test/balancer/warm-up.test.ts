import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import type { PickerName } from '../../src/balancer/pickers.ts';
import { warmth } from '../../src/balancer/warm-up.ts';
import { seeded } from '../../src/core/random.ts';
import { aContext } from '../../src/testing.ts';
import { all, listed, nodeOf, nodesOf } from '../support/nodes.ts';

const SECOND = 1_000;

const policyOf = (picker: PickerName, warmUp: string) =>
  aContext({ policy: { balance: { picker, warmUp } } }).policy.balance;

/** The share of `id` among some picks at one moment. */
function share(nodes: Nodes, id: string, now: number, picker: PickerName = 'random', warmUp = '60s'): number {
  const [policy, random] = [policyOf(picker, warmUp), seeded(now, 5)];
  const picks = 5_000;
  let found = 0;
  for (let turn = 0; turn < picks; turn++) if (pick(nodes, [], policy, now, random)!.endpoint.id === id) found++;
  return found / picks;
}

/** Two that have been there for long, and one that has just come. */
function joined(): Nodes {
  const nodes = nodesOf({ a: 1, b: 1 });
  nodes.update(listed({ a: 1, b: 1, c: 1 }));
  return nodes;
}

test('a window of a minute gives a tenth of the weight at first, a quarter after 15 s, half after 30 s, and then all', () => {
  for (const [seconds, due] of [
    [0, 0.1],
    [6, 0.1],
    [15, 0.25],
    [30, 0.5],
    [60, 1],
    [90, 1],
  ] as const) {
    assert.equal(warmth(seconds * SECOND, 60 * SECOND), due);
  }
});

for (const picker of ['p2c', 'least-request', 'weighted-round-robin', 'random'] as const) {
  test(`${picker}: one that comes to others grows to its share, from its first call on`, () => {
    const nodes = joined();
    for (const node of all(nodes)) node.latency.observe(10, 0, 10_000);
    const begun = 3_600 * SECOND; // long after it came
    for (const [seconds, weight] of [
      [0, 0.1],
      [15, 0.25],
      [30, 0.5],
      [60, 1],
    ] as const) {
      const [found, due] = [share(nodes, 'c', begun + seconds * SECOND, picker), weight / (2 + weight)];
      assert.ok(Math.abs(found - due) <= 0.02, `after ${seconds} s it is due ${due}, got ${found}`);
    }
    assert.equal(nodes.ready.even, true, 'and drawing is a single step again');
  });
}

test('who is on the first list needs no warming up, nor those of a list that is new altogether', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1 });
  assert.ok(Math.abs(share(nodes, 'c', 0) - 1 / 3) < 0.03);
  nodes.update(listed({ x: 1, y: 1, z: 1 }));
  assert.ok(Math.abs(share(nodes, 'z', 0) - 1 / 3) < 0.03);
  assert.deepEqual(
    all(nodes).map(({ weight }) => weight),
    [1, 1, 1],
  );
});

test('without the setting nobody warms up, and switching it off gives the whole weight back at once', () => {
  const nodes = joined();
  assert.ok(Math.abs(share(nodes, 'c', 0, 'random', 'off') - 1 / 3) < 0.03);
  assert.ok(Math.abs(share(nodes, 'c', 0, 'random', '60s') - 1 / 3) < 0.03, 'it is no newcomer any more');
  nodes.update(listed({ a: 1, b: 1, c: 1, d: 1 }));
  assert.ok(share(nodes, 'd', 0) < 0.06);
  assert.equal(nodeOf(nodes, 'd').weight, 0.1);
  assert.ok(Math.abs(share(nodes, 'd', 1, 'random', 'off') - 1 / 4) < 0.03);
  assert.equal(nodeOf(nodes, 'd').weight, 1);
});

test('another weight from the registry is warmed up as far, and 0 is 0', () => {
  const nodes = joined();
  share(nodes, 'c', 0);
  share(nodes, 'c', 30 * SECOND);
  nodes.update(listed({ a: 1, b: 1, c: 4 }));
  share(nodes, 'c', 30 * SECOND);
  assert.equal(nodeOf(nodes, 'c').weight, 2);
  nodes.update(listed({ a: 1, b: 1, c: 0 }));
  assert.equal(share(nodes, 'c', 31 * SECOND), 0);
});

test('one that is gone before it was warm is forgotten', () => {
  const nodes = joined();
  share(nodes, 'c', 0);
  nodes.update(listed({ a: 1, b: 1 }));
  share(nodes, 'a', 5 * SECOND);
  nodes.update(listed({ a: 1, b: 1, c: 1 }));
  share(nodes, 'c', 20 * SECOND);
  assert.equal(nodeOf(nodes, 'c').weight, 0.1, 'and comes back as a newcomer');
});

test('keys stay where they are while a node warms up', () => {
  const nodes = joined();
  const policy = policyOf('maglev', '60s');
  const to = (now: number) =>
    Array.from({ length: 200 }, (_, key) => pick(nodes, [], policy, now, seeded(1), `k${key}`)!.endpoint.id);
  const [first, version] = [to(0), nodes.live.version];
  assert.deepEqual(to(15 * SECOND), first);
  assert.equal(nodes.live.version, version);
});

test('where all were new at different times, each has what it has by now beside the others', () => {
  const nodes = joined();
  share(nodes, 'c', 0);
  nodes.update(listed({ c: 1, d: 1 }));
  share(nodes, 'd', 30 * SECOND);
  assert.deepEqual([nodeOf(nodes, 'c').weight, nodeOf(nodes, 'd').weight], [0.5, 0.1]);
});
