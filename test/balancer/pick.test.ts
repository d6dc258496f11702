import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { isPanic, pick } from '../../src/balancer/pick.ts';
import { weightedRoundRobin } from '../../src/balancer/round-robin.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import type { Node } from '../../src/core/node.ts';
import { type Random, seeded } from '../../src/core/random.ts';
import { WeightedSet } from '../../src/math/weighted-set.ts';
import { aContext } from '../../src/testing.ts';

const policy = aContext().policy.balance;
const LIMITS = { ejection: 1_000, maxEjection: 60_000, forget: 30_000 };

const nodesOf = (weights: Readonly<Record<string, number>>): Nodes => {
  const nodes = new Nodes();
  nodes.update(Object.entries(weights).map(([id, weight]) => endpoint(`http://${id}`, { id, weight })));
  return nodes;
};

const node = (nodes: Nodes, id: string): Node => [...each(nodes)].find(({ endpoint }) => endpoint.id === id)!;
const each = (nodes: Nodes): Iterable<Node> => ({ [Symbol.iterator]: () => nodes[Symbol.iterator]() });

const eject = (nodes: Nodes, id: string, now = 0): void => {
  const one = node(nodes, id);
  one.ejection.eject(LIMITS, now, 0, 'after 1 failure');
  one.all.moved(one);
};

/** How often each is picked; nothing is ever learnt from it. */
const counts = (
  nodes: Nodes,
  {
    picks = 10_000,
    random = seeded(1),
    tried = [],
    now = 0,
    panic = 0.5,
  }: { picks?: number; random?: Random; tried?: readonly Node[]; now?: number; panic?: number } = {},
): Record<string, number> => {
  const found: Record<string, number> = {};
  for (let turn = 0; turn < picks; turn++) {
    const { id } = pick(nodes, tried, { ...policy, panic }, now, random)!.endpoint;
    found[id] = (found[id] ?? 0) + 1;
  }
  return found;
};

const known = (nodes: Nodes, latencies: Readonly<Record<string, number>>): void => {
  for (const [id, ms] of Object.entries(latencies)) node(nodes, id).latency.observe(ms, 0, policy.decay);
};

test('nothing can be picked of nothing', () => {
  assert.equal(pick(new Nodes(), [], policy, 0, seeded(1)), undefined);
  assert.equal(pick(nodesOf({ a: 0 }), [], policy, 0, seeded(1)), undefined);
});

test('one alone is picked always', () => {
  assert.deepEqual(counts(nodesOf({ a: 5 }), { picks: 10 }), { a: 10 });
});

test('equals are picked equally often', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1 });
  for (const count of Object.values(counts(nodes))) assert.ok(Math.abs(count - 2_500) < 150, `${count}`);
});

for (const weights of [
  { a: 9, b: 1 },
  { a: 1, b: 2, c: 3, d: 4 },
  { a: 0.5, b: 99.5 },
]) {
  test(`with all else equal, weights ${Object.values(weights).join(' and ')} are shares, exactly`, () => {
    const nodes = nodesOf(weights);
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    const check = (): void => {
      for (const [id, weight] of Object.entries(weights)) {
        const [count, due] = [counts(nodes, { picks: 20_000 })[id] ?? 0, (20_000 * weight) / total];
        assert.ok(Math.abs(count - due) < 4 * Math.sqrt(due), `${id}: ${count}, due ${due}`);
      }
    };
    check();
    known(nodes, Object.fromEntries(Object.keys(weights).map((id) => [id, 10])));
    check();
  });
}

test('a heavy node that happens to look a little slower keeps its share: the more calls, the higher the peaks', () => {
  const nodes = nodesOf({ a: 9, b: 1 });
  known(nodes, { a: 15, b: 10 });
  const { a = 0 } = counts(nodes);
  assert.ok(Math.abs(a - 9_000) < 150, `${a} of 10000`);
});

test('a heavy node that is far slower loses its share', () => {
  const nodes = nodesOf({ a: 9, b: 1 });
  known(nodes, { a: 100, b: 10 });
  assert.deepEqual(counts(nodes, { picks: 1_000 }), { b: 1_000 });
});

test('calls under way count for the part of a node that is as heavy as the other, whole ones as chance has it', () => {
  const nodes = nodesOf({ a: 9, b: 1 });
  known(nodes, { a: 10, b: 10 });
  node(nodes, 'a').inFlight = 5;
  const { b = 0 } = counts(nodes);
  // Its own tenth, and of the nine tenths drawn for the other that tenth in which it is drawn too and 5/9 are busy.
  const due = 10_000 * (0.1 + 0.9 * 0.1 * (5 / 9));
  assert.ok(Math.abs(b - due) < 150, `${b}, due ${due}`);
});

test('weight 0 is never picked', () => {
  assert.equal(counts(nodesOf({ a: 1, b: 0, c: 1 })).b, undefined);
});

test('of two, the one with the lower latency is picked', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  known(nodes, { a: 10, b: 11 });
  assert.deepEqual(counts(nodes, { picks: 100 }), { a: 100 });
});

test('of two equally fast, the one with fewer calls under way is picked', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  known(nodes, { a: 10, b: 10 });
  node(nodes, 'a').inFlight = 1;
  assert.deepEqual(counts(nodes, { picks: 100 }), { b: 100 });
});

test('latency and calls under way are weighed against each other', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  known(nodes, { a: 10, b: 100 });
  node(nodes, 'a').inFlight = 8;
  node(nodes, 'a').silentSince = 0;
  assert.deepEqual(counts(nodes, { picks: 100 }), { a: 100 }, '10 ms for the ninth is less than 100 for the first');
  node(nodes, 'a').inFlight = 10;
  assert.deepEqual(counts(nodes, { picks: 100 }), { b: 100 });
});

test('one that has calls and is silent for longer than its answers take is avoided before it fails', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  known(nodes, { a: 10, b: 20 });
  node(nodes, 'a').inFlight = 1;
  node(nodes, 'b').inFlight = 1;
  node(nodes, 'b').silentSince = 190;
  assert.deepEqual(counts(nodes, { picks: 100, now: 200 }), { b: 100 });
});

test('one of which nothing is known gets a call at once, and no second before that one has told', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  known(nodes, { a: 1 });
  assert.deepEqual(counts(nodes, { picks: 100 }), { b: 100 });
  node(nodes, 'b').inFlight = 1;
  node(nodes, 'a').inFlight = 50;
  assert.deepEqual(counts(nodes, { picks: 100 }), { a: 100 });
});

test('what was tried is not picked while there are others', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1000 });
  const tried = [node(nodes, 'd'), node(nodes, 'a')];
  assert.deepEqual(Object.keys(counts(nodes, { tried })).sort(), ['b', 'c']);
  assert.deepEqual(Object.keys(counts(nodes, { tried: [...tried, node(nodes, 'b')] })), ['c']);
});

test('when all were tried, any is as good', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  assert.deepEqual(Object.keys(counts(nodes, { tried: [...each(nodes)] })).sort(), ['a', 'b']);
  const one = nodesOf({ a: 1 });
  assert.deepEqual(counts(one, { picks: 5, tried: [...each(one)] }), { a: 5 });
});

test('rather one that is out than one that was tried', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  eject(nodes, 'b');
  assert.deepEqual(counts(nodes, { picks: 50, tried: [node(nodes, 'a')] }), { b: 50 });
});

test('what is out is not picked, and one that is due is probed once', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1 });
  eject(nodes, 'b');
  assert.equal(counts(nodes, { now: 999 }).b, undefined);
  assert.equal(counts(nodes, { now: 1_000 }).b, 1);
  assert.equal(node(nodes, 'b').ejection.state, 'probing');
  assert.equal(counts(nodes, { now: 1_999 }).b, undefined, 'while it is probed no other probes it');
  assert.equal(counts(nodes, { now: 2_000 }).b, 1, 'until the lease of its probe is up');
});

test('of several that are due each is probed once', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1, e: 1 });
  eject(nodes, 'a');
  eject(nodes, 'b', 500);
  const found = counts(nodes, { now: 2_000, picks: 100 });
  assert.deepEqual([found.a, found.b], [1, 1]);
});

test('a call that was there before does not probe', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1 });
  eject(nodes, 'a');
  assert.equal(counts(nodes, { now: 1_000, tried: [node(nodes, 'a')] }).a, undefined);
  assert.equal(counts(nodes, { now: 1_000 }).a, 1, 'the next one does');
});

test('fewer than the threshold in rotation is panic, exactly', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1 });
  eject(nodes, 'a');
  eject(nodes, 'b');
  assert.equal(isPanic(nodes, { panic: 0.5 }), false, 'two of four are not fewer than half');
  eject(nodes, 'c');
  assert.equal(isPanic(nodes, { panic: 0.5 }), true);
  assert.equal(isPanic(nodes, { panic: 0 }), false, '0 never panics');
  assert.equal(isPanic(nodesOf({}), { panic: 0.5 }), false, 'none of none is no panic');
  assert.equal(isPanic(nodesOf({ a: 0 }), { panic: 1 }), false, 'nor is weight 0');
});

test('in panic all are used', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1 });
  for (const id of ['a', 'b', 'c']) eject(nodes, id);
  assert.deepEqual(Object.keys(counts(nodes)).sort(), ['a', 'b', 'c']);
  const some = nodesOf({ a: 1, b: 1, c: 1 });
  for (const id of ['a', 'b']) eject(some, id);
  assert.deepEqual(Object.keys(counts(some)).sort(), ['a', 'b', 'c'], 'with all else equal');
});

test('in panic the healthy are used first, until they are so crowded that a sick one is better', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1 });
  known(nodes, { a: 1_000, b: 1_000, c: 10 });
  for (const id of ['a', 'b']) eject(nodes, id);
  assert.deepEqual(counts(nodes, { picks: 100 }), { c: 100 });
  node(nodes, 'c').inFlight = 900; // each of the others would cost ten times what it used to
  assert.deepEqual(counts(nodes, { picks: 100 }), { c: 100 });
  node(nodes, 'c').inFlight = 2_000;
  const crowded = counts(nodes, { picks: 300 });
  assert.ok((crowded.a ?? 0) + (crowded.b ?? 0) > 150, JSON.stringify(crowded));
});

test('without panic, nothing can be picked when all are out', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  for (const id of ['a', 'b']) eject(nodes, id);
  assert.equal(pick(nodes, [], { ...policy, panic: 0 }, 0, seeded(1)), undefined);
});

test('a service of two hundred thousand endpoints is called in turn, too', () => {
  const live = new WeightedSet<Node>();
  for (let at = 0; at < 200_000; at++) live.set({} as Node, 1 + (at % 2));
  const inTurn = aContext({ policy: { balance: { picker: 'weighted-round-robin' } } }).policy.balance;
  const pools = { live, ready: live };
  assert.ok(weightedRoundRobin()(pools, live, [], inTurn, 0, seeded(1), undefined, { bound: 0 }));
});
