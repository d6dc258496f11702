import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import { type PickerName, sayPicked } from '../../src/balancer/pickers.ts';
import { seeded } from '../../src/core/random.ts';
import { table } from '../../src/policy/table.ts';
import { aContext } from '../../src/testing.ts';
import { MODES, type PickerTraits, pickerLaws } from '../laws/picker.ts';
import { all, listed, nodeOf, nodesOf } from '../support/nodes.ts';

/** What each picker is like. One that is not here does not compile, so that none is without its laws. */
const TRAITS: Readonly<Record<PickerName, PickerTraits>> = {
  p2c: {},
  'least-request': {},
  'round-robin': { weighs: false },
  'weighted-round-robin': { heedsLoad: true },
  random: {},
  maglev: { keyed: true },
  // A ring of some 1,000 places is uneven, in Envoy as here: weights 1, 2, 3 own 16.5, 32.2 and 51.3 % there.
  'ring-hash': { keyed: true, slack: 0.05 },
};

for (const mode of MODES) {
  for (const [name, traits] of Object.entries(TRAITS)) pickerLaws(name as PickerName, { ...traits, mode });
}

const NAMES = Object.keys(sayPicked) as PickerName[];

/** Picks some times, and gives the ids. */
function ids(nodes: Nodes, picker: PickerName, picks: number, random = seeded(1)): string[] {
  const policy = aContext({ policy: { balance: { picker } } }).policy.balance;
  return Array.from({ length: picks }, () => pick(nodes, [], policy, 0, random)!.endpoint.id);
}

test('every picker of the policy has a sentence of its own', () => {
  assert.deepEqual((table.balance.fields.picker.json.enum as string[]).toSorted(), NAMES.toSorted());
  assert.equal(new Set(Object.values(sayPicked)).size, NAMES.length);
});

test('another picker finds all that was learnt, and the first goes on where it was', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1 });
  for (const node of all(nodes)) node.latency.observe(10, 0, 10_000);
  nodeOf(nodes, 'b').latency.observe(500, 0, 10_000);
  const random = seeded(3);
  const begun = ids(nodes, 'round-robin', 2, random);
  const meanwhile = ids(nodes, 'p2c', 100, random);
  assert.ok(!meanwhile.includes('b'), 'p2c knows the slow one from calls that it did not pick');
  const rest = ids(nodes, 'round-robin', 1, random);
  assert.deepEqual([...begun, ...rest].sort(), ['a', 'b', 'c']);
});

test('round robin is a round: nobody has a second turn before all have had one', () => {
  const nodes = nodesOf({ a: 1, b: 7, c: 1, d: 1 });
  const found = ids(nodes, 'round-robin', 40);
  for (let at = 0; at < 40; at += 4) assert.deepEqual(found.slice(at, at + 4).sort(), ['a', 'b', 'c', 'd']);
});

test('weighted round robin is exact in every round, and spreads the turns of the heavy', () => {
  const nodes = nodesOf({ a: 1, b: 2, c: 3 });
  const found = ids(nodes, 'weighted-round-robin', 600);
  for (let at = 0; at < 600; at += 6) assert.deepEqual(found.slice(at, at + 6).sort(), ['a', 'b', 'b', 'c', 'c', 'c']);
  assert.doesNotMatch(found.join(''), /c{3}|b{2}/, 'no runs');
});

test('weighted round robin goes on after a change of the list, and does not begin anew', () => {
  const random = seeded(9);
  const nodes = nodesOf({ a: 1, b: 2 });
  const found: string[] = [];
  for (let change = 0; change < 300; change++) {
    nodes.update(listed({ a: 1, b: 2, [`x${change}`]: 1 }));
    found.push(...ids(nodes, 'weighted-round-robin', 2, random));
  }
  const count = (id: string) => found.filter((one) => one === id).length;
  assert.ok(count('a') > 100 && count('a') < 200, `a, due 150, got ${count('a')}`);
  assert.ok(count('b') > 240 && count('b') < 360, `b, due 300, got ${count('b')}`);
});

test('one far heavier than the others is drawn by chance, since its turns would be long to find', () => {
  const weights = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${at}`, at === 0 ? 1_000 : 1]));
  const found = ids(nodesOf(weights), 'weighted-round-robin', 10_000);
  const share = found.filter((id) => id === 'n0').length / found.length;
  assert.ok(Math.abs(share - 1_000 / 1_099) < 0.02, `${share}`);
});

test('least requests goes to the idlest of a few, every time', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1 });
  for (const id of ['a', 'b', 'd']) nodeOf(nodes, id).inFlight = 3;
  nodeOf(nodes, 'c').inFlight = 2;
  assert.deepEqual(new Set(ids(nodes, 'least-request', 200)), new Set(['c']));
});

test('least requests looks at two of many, and takes the one with less to do for its weight', () => {
  const weights = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`n${at}`, 1]));
  const nodes = nodesOf(weights);
  nodeOf(nodes, 'n7').inFlight = 50;
  assert.ok(!ids(nodes, 'least-request', 2_000).includes('n7'));
  const uneven = nodesOf({ a: 9, b: 1 });
  nodeOf(uneven, 'a').inFlight = 9;
  nodeOf(uneven, 'b').inFlight = 10;
  assert.ok(!ids(uneven, 'least-request', 200).includes('b'), 'ten calls at a tenth of the size are many more');
});
