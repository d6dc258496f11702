import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import type { Node } from '../../src/core/node.ts';

const at = (id: string, more: { url?: string; weight?: number; zone?: string } = {}) =>
  endpoint(more.url ?? `http://${id}`, { id, weight: more.weight ?? 1, zone: more.zone ?? '' });

const ids = (nodes: readonly Node[]): string[] => nodes.map(({ endpoint }) => endpoint.id);
const all = (nodes: Nodes): Node[] => [...{ [Symbol.iterator]: () => nodes[Symbol.iterator]() }];
const find = (nodes: Nodes, id: string): Node => all(nodes).find(({ endpoint }) => endpoint.id === id)!;
const LIMITS = { ejection: 1_000, maxEjection: 60_000, forget: 30_000 };

const eject = (node: Node, now = 0): void => {
  node.ejection.eject(LIMITS, now, 0, 'after 1 failure');
  node.all.moved(node);
};

test('the first list adds all, and says so', () => {
  const nodes = new Nodes();
  const { added, removed } = nodes.update([at('a'), at('b')]);
  assert.deepEqual([ids(added), ids(removed)], [['a', 'b'], []]);
  assert.equal(nodes.size, 2);
});

test('the same list again changes nothing', () => {
  const nodes = new Nodes();
  nodes.update([at('a'), at('b')]);
  const before = all(nodes);
  assert.deepEqual(nodes.update([at('b'), at('a')]), { added: [], removed: [] });
  assert.deepEqual(all(nodes), before);
});

test('a node that stays keeps all it has learnt, with its new weight and zone', () => {
  const nodes = new Nodes();
  nodes.update([at('a'), at('b')]);
  const node = find(nodes, 'a');
  node.inFlight = 3;
  node.latency.observe(50, 0, 1_000);
  nodes.update([at('a', { weight: 7, zone: 'z' }), at('c')]);
  assert.equal(find(nodes, 'a'), node);
  assert.deepEqual([node.endpoint.weight, node.endpoint.zone, node.inFlight], [7, 'z', 3]);
  assert.equal(nodes.live.total, 8);
});

test('a node that goes is gone, and its calls may end after', () => {
  const nodes = new Nodes();
  nodes.update([at('a'), at('b')]);
  const node = find(nodes, 'a');
  node.inFlight = 1;
  const { removed } = nodes.update([at('b')]);
  assert.deepEqual(ids(removed), ['a']);
  assert.equal(node.gone, true);
  eject(node);
  node.inFlight--;
  assert.deepEqual([nodes.size, nodes.live.size, nodes.ready.size, nodes.out.size], [1, 1, 1, 0]);
  assert.equal(nodes.due(10_000, []), undefined, 'it is not probed');
});

test('one that comes back begins anew', () => {
  const nodes = new Nodes();
  nodes.update([at('a')]);
  const node = find(nodes, 'a');
  eject(node);
  nodes.update([]);
  nodes.update([at('a')]);
  assert.notEqual(find(nodes, 'a'), node);
  assert.equal(find(nodes, 'a').ejection.state, 'in');
  assert.equal(nodes.ready.size, 1);
});

test('the same name at another place forgets what was learnt, and the old place is told as gone', () => {
  const nodes = new Nodes();
  nodes.update([at('a', { url: 'http://old' })]);
  const old = find(nodes, 'a');
  eject(old);
  const { added, removed } = nodes.update([at('a', { url: 'http://new' })]);
  assert.deepEqual([added[0]?.endpoint.url, removed[0]?.endpoint.url], ['http://new', 'http://old']);
  assert.equal(old.gone, true);
  assert.equal(find(nodes, 'a').ejection.state, 'in');
  assert.deepEqual([nodes.size, nodes.live.size, nodes.ready.size, nodes.out.size], [1, 1, 1, 0]);
});

test('an id that stands twice in a list counts once: the first', () => {
  const nodes = new Nodes();
  const { added } = nodes.update([at('a', { weight: 2 }), at('b'), at('a', { weight: 9 })]);
  assert.deepEqual(ids(added), ['a', 'b']);
  assert.equal(find(nodes, 'a').endpoint.weight, 2);
});

test('weight 0 is known and not called, and may be called again when its weight is back', () => {
  const nodes = new Nodes();
  nodes.update([at('a', { weight: 0 }), at('b')]);
  assert.deepEqual([nodes.size, nodes.live.size, nodes.ready.size], [2, 1, 1]);
  nodes.update([at('a', { weight: 3 }), at('b')]);
  assert.deepEqual([nodes.live.size, nodes.ready.size, nodes.ready.total], [2, 2, 4]);
});

test('one that is out leaves the rotation, and comes back to it with the weight it has by then', () => {
  const nodes = new Nodes();
  nodes.update([at('a'), at('b')]);
  const node = find(nodes, 'a');
  eject(node);
  assert.deepEqual([nodes.live.size, nodes.ready.size, [...nodes.out]], [2, 1, [node]]);
  nodes.update([at('a', { weight: 5 }), at('b')]);
  assert.equal(nodes.ready.size, 1, 'a new weight does not bring it back');
  node.ejection.probe(1_000);
  node.all.moved(node);
  node.ejection.succeeded(node.ejection.term, 2_000);
  node.all.moved(node);
  assert.deepEqual([nodes.ready.size, nodes.ready.total, nodes.out.size], [2, 6, 0]);
});

test('weight 0 is not probed, and is when its weight is back', () => {
  const nodes = new Nodes();
  nodes.update([at('a'), at('b')]);
  eject(find(nodes, 'a'));
  nodes.update([at('a', { weight: 0 }), at('b')]);
  assert.equal(nodes.due(5_000, []), undefined);
  nodes.update([at('a', { weight: 1 }), at('b')]);
  assert.equal(nodes.due(5_000, []), find(nodes, 'a'));
});

test('nothing is due before its time, and what is due stays so until it is probed', () => {
  const nodes = new Nodes();
  nodes.update([at('a'), at('b')]);
  const node = find(nodes, 'a');
  eject(node);
  assert.equal(nodes.due(999, []), undefined);
  assert.equal(nodes.due(1_000, [node]), undefined, 'not for a call that has been there');
  assert.equal(nodes.due(1_000, []), node);
  assert.equal(nodes.due(1_000, []), node);
  node.ejection.probe(9_000);
  node.all.moved(node);
  assert.equal(nodes.due(9_999, []), undefined);
  node.ejection.undecided(node.ejection.term, 9_999);
  node.all.moved(node);
  assert.equal(nodes.due(9_999, []), node);
  node.ejection.probe(9_999);
  node.all.moved(node);
  assert.equal(nodes.due(10_998, []), undefined);
  assert.equal(nodes.due(10_999, []), node, 'the lease of a probe that never answers is up');
});
