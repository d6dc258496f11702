import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import type { PickerName } from '../../src/balancer/pickers.ts';
import { type Endpoint, endpoint } from '../../src/core/endpoint.ts';
import type { Node } from '../../src/core/node.ts';
import { type Random, seeded } from '../../src/core/random.ts';
import { LoadWeight } from '../../src/math/load-weight.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { aContext } from '../../src/testing.ts';
import { all, bounded, eject, nodeOf } from '../support/nodes.ts';

/**
 * What else the policy asks for while the laws hold. `zone`: only our zone takes calls. `subset`: others have not its
 * labels. `bound`: keys may not load one endpoint too much. `load`: records all weigh the same, and what servers tell of
 * their load makes the weights.
 */
export const MODES = ['plain', 'zone', 'subset', 'bound', 'load'] as const;
export type PickerMode = (typeof MODES)[number];

/** What a picker is like. */
export interface PickerTraits {
  /** Whether shares follow weights. True unless told otherwise: then all in rotation get the same. */
  readonly weighs?: boolean;
  /** Whether it goes by what servers tell of their load (`balance.load`). False unless told: then records stand. */
  readonly heedsLoad?: boolean;
  /** Whether it goes by keys: then every call has one of its own. */
  readonly keyed?: boolean;
  /** How far shares may be from what is due: 0.02 unless told. */
  readonly slack?: number;
  readonly mode?: PickerMode;
}

interface Picking {
  readonly picks?: number;
  readonly random?: Random;
  readonly tried?: readonly Node[];
  readonly now?: number;
  readonly panic?: number;
  /** How many calls are under way at a time. */
  readonly inFlight?: number;
  readonly key?: string;
}

const MS = 10; // how long all answers take, in picks

const NOW = 10_000; // by when a load that was told at 0 is believed

/** Endpoints by their ids and weights, as they are listed where a policy of such a mode is in force. */
function listedIn(mode: PickerMode, weights: Readonly<Record<string, number>>): Endpoint[] {
  const others = { zone: [{ zone: 'b', weight: 0 }], subset: [{}, {}, {}], plain: [], bound: [], load: [] }[mode];
  return [
    ...Object.entries(weights).map(([id, weight]) => {
      const own = mode === 'load' ? Math.sign(weight) : weight;
      return endpoint(`http://${id}:3000`, { id, weight: own, zone: 'a', metadata: { stage: 'canary' } });
    }),
    ...others.map((more, at) => endpoint(`http://other${at}:3000`, { id: `other${at}`, ...more })),
  ];
}

const POLICIES: Readonly<Record<PickerMode, PolicySections>> = {
  plain: {},
  zone: {},
  subset: { subset: { labels: { stage: 'canary' } } },
  bound: { hash: { bound: 1.25 } },
  load: {},
};

/** The laws that every picker keeps, in every mode. */
export function pickerLaws(name: PickerName, traits: PickerTraits = {}): void {
  const { keyed = false, slack = 0.02, mode = 'plain', heedsLoad = false } = traits;
  const { weighs = mode !== 'load' || heedsLoad } = traits; // where loads are told, all records weigh the same
  const law = (title: string, body: () => void) =>
    test(`${name}${mode === 'plain' ? '' : `, ${mode}`}: ${title}`, body);
  const whole = aContext({
    policy: { ...POLICIES[mode], balance: { picker: name, load: mode === 'load' ? 'orca' : 'off' } },
  }).policy;
  const policy = whole.balance;
  const policies = new Map<number, typeof whole>(); // a call finds the policy of the one before, the very same
  const policyOf = (panic: number) =>
    policies.get(panic) ?? policies.set(panic, { ...whole, balance: { ...policy, panic } }).get(panic)!;

  /** Makes the nodes match; in the mode `load` they tell their weights. */
  const update = (nodes: Nodes, weights: Readonly<Record<string, number>>, list = listedIn(mode, weights)): void => {
    nodes.update(list);
    if (mode !== 'load') return;
    for (const node of all(nodes)) {
      node.load ??= new LoadWeight();
      node.load.observe({ rps: weights[node.endpoint.id]!, eps: 0, utilization: 1 }, 0);
    }
  };
  const nodesOf = (weights: Readonly<Record<string, number>>, list = listedIn(mode, weights)): Nodes => {
    const nodes = new Nodes({ zone: 'a' });
    update(nodes, weights, list);
    return nodes;
  };

  const one = (nodes: Nodes, { random = seeded(1), tried = [], now = NOW, panic = 0.5, key }: Picking = {}) => {
    const own = policyOf(panic);
    const view = nodes.view(own);
    view.reckon(own, now);
    const named = key ?? (keyed ? `user-${random.bits()}` : undefined);
    return pick(view, tried, own.balance, now, random, named, own.hash);
  };

  /** How often each is picked; with calls under way, these end in the order in which they began. */
  const counts = (nodes: Nodes, { picks = 5_000, random = seeded(1), inFlight = 0, ...more }: Picking = {}) => {
    const found: Record<string, number> = {};
    const underWay: Node[] = [];
    for (let turn = 0; turn < picks; turn++) {
      const node = one(nodes, { random, ...more })!;
      found[node.endpoint.id] = (found[node.endpoint.id] ?? 0) + 1;
      if (inFlight === 0) continue;
      if (node.inFlight++ === 0) node.silentSince = more.now ?? NOW;
      node.all.inFlight++;
      if (underWay.push(node) <= inFlight) continue;
      const ended = underWay.shift()!;
      ended.inFlight--;
      ended.all.inFlight--;
      ended.silentSince = more.now ?? NOW;
      ended.latency.observe(MS, more.now ?? NOW, policy.decay);
    }
    for (const node of underWay) {
      node.inFlight--;
      node.all.inFlight--;
    }
    return found;
  };

  const follows = (weights: Readonly<Record<string, number>>, found: Readonly<Record<string, number>>) => {
    const held = mode === 'load' ? bounded(weights) : weights;
    const due = Object.entries(held).map(([id, weight]) => [id, weighs ? weight : Math.sign(weight)] as const);
    const whole = due.reduce((sum, [, weight]) => sum + weight, 0);
    const picks = Object.values(found).reduce((sum, count) => sum + count, 0);
    for (const [id, weight] of due) {
      const [share, right] = [(found[id] ?? 0) / picks, weight / whole];
      assert.ok(Math.abs(share - right) <= slack, `${id} is due ${right}, got ${share}`);
    }
  };

  for (const weights of [
    { a: 1, b: 1, c: 1, d: 1, e: 1 },
    { a: 1, b: 2, c: 3, d: 4 },
    { a: 9, b: 1 },
    { a: 0.5, b: 99.5, c: 20 },
    { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, l: 40 },
  ] as Readonly<Record<string, number>>[]) {
    const what = Object.values(weights).join(', ');
    law(`shares follow the weights ${what} within ${slack * 100} %, at rest`, () => {
      follows(weights, counts(nodesOf(weights)));
    });

    // A bound of so many times a share of one call would be a bound of one call.
    const inFlight = mode === 'bound' && keyed ? 1_000 : 1;
    law(`shares follow the weights ${what} within ${slack * 100} %, with ${inFlight} under way at a time`, () => {
      follows(weights, counts(nodesOf(weights), { inFlight }));
    });
  }

  law('shares follow weights also when these change', () => {
    const [random, nodes] = [seeded(7), nodesOf({ a: 1, b: 1, c: 1 })];
    counts(nodes, { picks: 1_000, random });
    for (const weights of [
      { a: 1, b: 2, c: 3 },
      { a: 5, b: 2, c: 0 },
      { a: 1, b: 1, c: 1, d: 1 },
    ] as Readonly<Record<string, number>>[]) {
      update(nodes, weights);
      follows(weights, counts(nodes, { random, now: NOW * 2 }));
    }
  });

  law('what weighs 0 gets nothing, whatever happens', () => {
    const nodes = nodesOf({ a: 1, b: 0, c: 1, d: 1 });
    assert.equal(counts(nodes).b, undefined);
    eject(nodes, ['a', 'c', 'd'], NOW);
    assert.equal(counts(nodes, { picks: 1_000 }).b, undefined);
    assert.equal(one(nodesOf({ a: 0 })), undefined);
    assert.equal(one(nodesOf({})), undefined);
  });

  law('what is out of rotation gets nothing, and the rest its share', () => {
    const nodes = nodesOf({ a: 1, b: 2, c: 3, d: 4 });
    counts(nodes, { picks: 100 });
    eject(nodes, ['c'], NOW);
    const found = counts(nodes);
    assert.equal(found.c, undefined);
    follows({ a: 1, b: 2, d: 4 }, found);
  });

  law('what is due is probed by one call, and no other', () => {
    const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1 });
    eject(nodes, ['b'], NOW);
    assert.equal(counts(nodes).b, undefined);
    assert.equal(counts(nodes, { now: NOW + 1_000 }).b, 1);
    const probed = nodeOf(nodes, 'b');
    probed.ejection.succeeded(probed.ejection.term, NOW + 1_000);
    probed.all.moved(probed);
    follows({ a: 1, b: 1, c: 1, d: 1 }, counts(nodes, { now: NOW + 1_000 }));
  });

  law('in panic all are used, unless the policy says never to', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1, e: 1 });
    eject(nodes, ids.slice(1), NOW);
    assert.deepEqual(Object.keys(counts(nodes, { panic: 0.5 })).sort(), ids);
    assert.deepEqual(counts(nodes, { panic: 0, picks: 100 }), { a: 100 });
  });

  law('clients that start together do not meet at one endpoint', () => {
    const weights = Object.fromEntries('abcdefghij'.split('').map((id) => [id, 1]));
    const found: Record<string, number> = {};
    const clients = 1_000;
    const list = listedIn(mode, weights);
    const shared = keyed ? nodesOf(weights) : undefined; // all have one and the same table, which takes its time to make
    for (let client = 0; client < clients; client++) {
      const { id } = one(shared ?? nodesOf(weights, list), { random: seeded(client, 3) })!.endpoint;
      found[id] = (found[id] ?? 0) + 1;
    }
    const due = clients / 10;
    for (const [id, count] of Object.entries(found)) {
      const most = keyed ? slack * clients : 4.5 * Math.sqrt(due); // chance; or how uneven places are, beside chance
      assert.ok(Math.abs(count - due) < Math.max(most, 4.5 * Math.sqrt(due)), `${id} got ${count} of ${clients}`);
    }
    assert.equal(Object.keys(found).length, 10);
  });

  law('an attempt goes where the call has not been, while there is such a place', () => {
    const nodes = nodesOf({ a: 1, b: 5, c: 1, d: 1_000 });
    const tried: Node[] = [];
    for (const count of [4, 3, 2, 1]) {
      const found = Object.keys(counts(nodes, { tried, picks: 500 }));
      for (const node of tried) assert.ok(!found.includes(node.endpoint.id), `${node.endpoint.id} was tried`);
      assert.ok(found.length <= count);
      tried.push(nodeOf(nodes, found[0]!));
    }
    assert.equal(tried.length, 4);
    assert.ok(Object.keys(counts(nodes, { tried, picks: 100 })).length > 0, 'when all were tried, any is as good');
  });

  law('rather one that is out than one that was tried', () => {
    const nodes = nodesOf({ a: 1, b: 1, c: 1 });
    eject(nodes, ['c'], NOW);
    const tried = [nodeOf(nodes, 'a'), nodeOf(nodes, 'b')];
    assert.deepEqual(counts(nodes, { tried, picks: 50 }), { c: 50 });
  });

  law('a list that changes costs nothing of what was learnt', () => {
    const random = seeded(5);
    const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1 });
    counts(nodes, { picks: 1_000, inFlight: 8, random });
    const before = new Map(all(nodes).map((node) => [node, node.latency.read(NOW, policy.decay)]));
    update(nodes, { b: 1, c: 2, d: 1, e: 1, f: 1 });
    const stayed = all(nodes).filter((node) => before.has(node) && !node.endpoint.id.startsWith('other'));
    assert.deepEqual(stayed.map(({ endpoint }) => endpoint.id).sort(), ['b', 'c', 'd']);
    for (const node of stayed) assert.equal(node.latency.read(NOW, policy.decay), before.get(node));
    const found = counts(nodes, { picks: 1_000, random, inFlight: 8 });
    assert.equal(found.a, undefined);
    assert.deepEqual(Object.keys(found).sort(), ['b', 'c', 'd', 'e', 'f']);
  });

  if (!keyed) return;
  law('clients that see the same list send a key to the same endpoint', () => {
    const weights = { a: 1, b: 2, c: 3, d: 4 };
    const [here, there] = [nodesOf(weights), nodesOf(weights)];
    for (let user = 0; user < 200; user++) {
      const key = `user-${user}`;
      const ids = [one(here, { key, random: seeded(user) }), one(there, { key, random: seeded(user, 7) })];
      assert.equal(ids[0]!.endpoint.id, ids[1]!.endpoint.id);
    }
  });

  law('one endpoint more gets its keys, and 5 % of the others move at most', () => {
    const weights = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`n${at}`, 1]));
    const nodes = nodesOf(weights);
    const map = () => Array.from({ length: 1_000 }, (_, user) => one(nodes, { key: `user-${user}` })!.endpoint.id);
    const before = map();
    update(nodes, { ...weights, more: 1 });
    const after = map();
    const moved = before.filter((id, at) => id !== after[at]).length;
    assert.ok(moved <= 1_000 * (1 / 31 + 0.05), `${moved} of 1000 moved`);
    assert.ok(after.filter((id) => id === 'more').length >= 10, 'it has some');
  });

  law('one endpoint less moves the keys that it had, and 5 % of the others at most', () => {
    const weights = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`n${at}`, 1]));
    const nodes = nodesOf(weights);
    const map = () => Array.from({ length: 1_000 }, (_, user) => one(nodes, { key: `user-${user}` })!.endpoint.id);
    const before = map();
    const { n3: _, ...rest } = weights;
    update(nodes, rest);
    const after = map();
    const moved = before.filter((id, at) => id !== after[at]).length;
    assert.ok(moved <= 1_000 * (1 / 30 + 0.05), `${moved} of 1000 moved`);
    assert.ok(moved >= 15, 'those that it had did');
  });
}
