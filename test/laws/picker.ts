import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import type { PickerName } from '../../src/balancer/pickers.ts';
import type { Node } from '../../src/core/node.ts';
import { type Random, seeded } from '../../src/core/random.ts';
import { aContext } from '../../src/testing.ts';
import { all, eject, listed, nodeOf, nodesOf } from '../support/nodes.ts';

/** What a picker is like. */
export interface PickerTraits {
  /** Whether shares follow weights. True unless told otherwise: then all in rotation get the same. */
  readonly weighs?: boolean;
  /** Whether it goes by keys: then every call has one of its own. */
  readonly keyed?: boolean;
  /** How far shares may be from what is due: 0.02 unless told. */
  readonly slack?: number;
}

interface Picking {
  readonly picks?: number;
  readonly random?: Random;
  readonly tried?: readonly Node[];
  readonly now?: number;
  readonly panic?: number;
  /** How many calls are under way at a time. */
  readonly inFlight?: number;
}

const MS = 10; // how long all answers take, in picks

/** The laws that every picker keeps. */
export function pickerLaws(name: PickerName, { weighs = true, keyed = false, slack = 0.02 }: PickerTraits = {}): void {
  const law = (title: string, body: () => void) => test(`${name}: ${title}`, body);
  const policy = aContext({ policy: { balance: { picker: name } } }).policy.balance;

  const one = (nodes: Nodes, { random = seeded(1), tried = [], now = 0, panic = 0.5 }: Picking = {}) =>
    pick(nodes, tried, { ...policy, panic }, now, random, keyed ? `user-${random.bits()}` : undefined);

  /** How often each is picked; with calls under way, these end in the order in which they began. */
  const counts = (nodes: Nodes, { picks = 10_000, random = seeded(1), inFlight = 0, ...more }: Picking = {}) => {
    const found: Record<string, number> = {};
    const underWay: Node[] = [];
    for (let turn = 0; turn < picks; turn++) {
      const node = one(nodes, { random, ...more })!;
      found[node.endpoint.id] = (found[node.endpoint.id] ?? 0) + 1;
      if (inFlight === 0) continue;
      node.inFlight++;
      if (underWay.push(node) <= inFlight) continue;
      const ended = underWay.shift()!;
      ended.inFlight--;
      ended.latency.observe(MS, 0, policy.decay);
    }
    for (const node of underWay) node.inFlight--;
    return found;
  };

  const follows = (weights: Readonly<Record<string, number>>, found: Readonly<Record<string, number>>) => {
    const due = Object.entries(weights).map(([id, weight]) => [id, weighs ? weight : Math.sign(weight)] as const);
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

    law(`shares follow the weights ${what} within ${slack * 100} %, with one call under way after the other`, () => {
      follows(weights, counts(nodesOf(weights), { inFlight: 1 }));
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
      nodes.update(listed(weights));
      follows(weights, counts(nodes, { random }));
    }
  });

  law('what weighs 0 gets nothing, whatever happens', () => {
    const nodes = nodesOf({ a: 1, b: 0, c: 1, d: 1 });
    assert.equal(counts(nodes).b, undefined);
    eject(nodes, ['a', 'c', 'd']);
    assert.equal(counts(nodes, { picks: 1_000 }).b, undefined);
    assert.equal(one(nodesOf({ a: 0 })), undefined);
    assert.equal(one(nodesOf({})), undefined);
  });

  law('what is out of rotation gets nothing, and the rest its share', () => {
    const nodes = nodesOf({ a: 1, b: 2, c: 3, d: 4 });
    counts(nodes, { picks: 100 });
    eject(nodes, ['c']);
    const found = counts(nodes);
    assert.equal(found.c, undefined);
    follows({ a: 1, b: 2, d: 4 }, found);
  });

  law('what is due is probed by one call, and no other', () => {
    const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1 });
    eject(nodes, ['b']);
    assert.equal(counts(nodes, { now: 1_000 }).b, 1);
    const probed = nodeOf(nodes, 'b');
    probed.ejection.succeeded(probed.ejection.term, 1_000);
    probed.moved(probed);
    follows({ a: 1, b: 1, c: 1, d: 1 }, counts(nodes, { now: 1_000 }));
  });

  law('in panic all are used, unless the policy says never to', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1, e: 1 });
    eject(nodes, ids.slice(1));
    assert.deepEqual(Object.keys(counts(nodes, { panic: 0.5 })).sort(), ids);
    assert.deepEqual(counts(nodes, { panic: 0, picks: 100 }), { a: 100 });
  });

  law('clients that start together do not meet at one endpoint', () => {
    const weights = Object.fromEntries('abcdefghij'.split('').map((id) => [id, 1]));
    const found: Record<string, number> = {};
    const clients = keyed ? 200 : 2_000; // a table for each takes its time
    for (let client = 0; client < clients; client++) {
      const { id } = one(nodesOf(weights), { random: seeded(client, 3) })!.endpoint;
      found[id] = (found[id] ?? 0) + 1;
    }
    const due = clients / 10;
    for (const [id, count] of Object.entries(found)) {
      assert.ok(Math.abs(count - due) < 4.5 * Math.sqrt(due), `${id} got ${count} of ${clients}`);
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
    eject(nodes, ['c']);
    const tried = [nodeOf(nodes, 'a'), nodeOf(nodes, 'b')];
    assert.deepEqual(counts(nodes, { tried, picks: 50 }), { c: 50 });
  });

  law('a list that changes costs nothing of what was learnt', () => {
    const random = seeded(5);
    const nodes = nodesOf({ a: 1, b: 1, c: 1, d: 1 });
    counts(nodes, { picks: 1_000, inFlight: 8, random });
    const before = new Map(all(nodes).map((node) => [node, node.latency.read(0, policy.decay)]));
    nodes.update(listed({ b: 1, c: 2, d: 1, e: 1, f: 1 }));
    const stayed = all(nodes).filter((node) => before.has(node));
    assert.deepEqual(stayed.map(({ endpoint }) => endpoint.id).sort(), ['b', 'c', 'd']);
    for (const node of stayed) assert.equal(node.latency.read(0, policy.decay), before.get(node));
    const found = counts(nodes, { picks: 1_000, random, inFlight: 8 });
    assert.equal(found.a, undefined);
    assert.deepEqual(Object.keys(found).sort(), ['b', 'c', 'd', 'e', 'f']);
  });
}
