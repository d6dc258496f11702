import { Nodes } from '../../src/balancer/nodes.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import type { Node } from '../../src/core/node.ts';

/** Endpoints by their ids and weights. */
export const listed = (weights: Readonly<Record<string, number>>) =>
  Object.entries(weights).map(([id, weight]) => endpoint(`http://${id}:3000`, { id, weight }));

/** Nodes by their ids and weights. */
export function nodesOf(weights: Readonly<Record<string, number>>): Nodes {
  const nodes = new Nodes();
  nodes.update(listed(weights));
  return nodes;
}

/** All nodes, in the order in which they came. */
export const all = (nodes: Nodes): Node[] => [...{ [Symbol.iterator]: () => nodes[Symbol.iterator]() }];

/** The node of that id. */
export const nodeOf = (nodes: Nodes, id: string): Node => all(nodes).find(({ endpoint }) => endpoint.id === id)!;

const AT_ONCE = { ejection: 1_000, maxEjection: 60_000, forget: 30_000 };

/** Puts nodes out of rotation for a second. */
export function eject(nodes: Nodes, ids: readonly string[], now = 0): void {
  for (const id of ids) {
    const one = nodeOf(nodes, id);
    one.ejection.eject(AT_ONCE, now, 0, 'after 1 failure');
    one.all.moved(one);
  }
}

/** Weights that servers tell of: ten times the median at most, whatever they say. */
export function bounded(weights: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const told = Object.values(weights).filter((weight) => weight > 0);
  const median = told.toSorted((a, b) => a - b)[(told.length - 1) >> 1]!;
  return Object.fromEntries(Object.entries(weights).map(([id, weight]) => [id, Math.min(10 * median, weight)]));
}
