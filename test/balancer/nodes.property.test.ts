import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import { type Endpoint, endpoint } from '../../src/core/endpoint.ts';
import type { Node } from '../../src/core/node.ts';
import { seeded } from '../../src/core/random.ts';
import { aContext } from '../../src/testing.ts';
import { fc } from '../support/fast-check.ts';

const LIMITS = { ejection: 1_000, maxEjection: 30_000, forget: 10_000 };
const { balance } = aContext().policy;

const listed = fc.array(
  fc.record({ id: fc.nat({ max: 8 }), at: fc.nat({ max: 1 }), weight: fc.constantFrom(0, 1, 1, 1, 2, 10) }),
  { maxLength: 10 },
);
const step = fc.oneof(
  fc.record({ do: fc.constant('update' as const), listed, kept: fc.boolean() }),
  fc.record({ do: fc.constant('begin' as const) }),
  fc.record({
    do: fc.constant('end' as const),
    at: fc.nat({ max: 20 }),
    is: fc.constantFrom('success', 'failure', 'none'),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 5_000 }) }),
);

/** Endpoints that stay the same object as long as they say the same, as registries have them. */
const made = new Map<string, Endpoint>();
function kept(url: string, { id, weight }: { id: string; weight: number }): Endpoint {
  const key = `${url} ${id} ${weight}`;
  const found = made.get(key) ?? endpoint(url, { id, weight });
  made.set(key, found);
  return found;
}

const all = (nodes: Nodes): Node[] => [...{ [Symbol.iterator]: () => nodes[Symbol.iterator]() }];

test('through any lists, calls, failures and waits, the nodes are those of the newest list, each where it belongs', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer(), (steps, seed) => {
      const nodes = new Nodes();
      const random = seeded(seed);
      let expected = new Map<string, { url: string; weight: number }>();
      let [now, under]: [number, { node: Node; term: number }[]] = [0, []];
      for (const taken of steps) {
        if (taken.do === 'wait') now += taken.ms;
        else if (taken.do === 'update') {
          const list = taken.listed.map(({ id, at, weight }) => {
            const url = `http://h${id}-${at}`;
            return (taken.kept ? kept : endpoint)(url, { id: `${id}`, weight });
          });
          const before = new Map(all(nodes).map((node) => [node.endpoint.id, node]));
          const { added, removed } = nodes.update(list);
          expected = new Map(list.toReversed().map(({ id, url, weight }) => [id, { url, weight }]));
          for (const node of all(nodes)) {
            const known = before.get(node.endpoint.id);
            assert.equal(added.includes(node), known !== node, 'what is new is told, what stays is the same');
          }
          for (const [id, node] of before) {
            assert.equal(removed.includes(node), expected.get(id)?.url !== node.endpoint.url || node.gone);
          }
        } else if (taken.do === 'begin') {
          const node = pick(nodes, [], balance, now, random);
          if (node !== undefined) {
            assert.ok(node.endpoint.weight > 0 && !node.gone);
            node.inFlight++;
            under.push({ node, term: node.ejection.term });
          }
        } else if (under.length > 0) {
          const [one] = under.splice(taken.at % under.length, 1);
          const { node, term } = one!;
          node.inFlight--;
          if (taken.is === 'success') node.ejection.succeeded(term, now);
          else if (taken.is === 'failure') {
            if (node.ejection.failed(term, 2)) node.ejection.eject(LIMITS, now, random.next(), 'after failures');
          } else node.ejection.undecided(term, now);
          node.all.moved(node);
        }
        check(nodes, expected);
      }
      for (const { node } of under) node.inFlight--;
      under = [];
      assert.ok(all(nodes).every(({ inFlight }) => inFlight === 0));
    }),
    { numRuns: 300 },
  );
});

function check(nodes: Nodes, expected: ReadonlyMap<string, { url: string; weight: number }>): void {
  assert.equal(nodes.size, expected.size);
  let [live, ready] = [0, 0];
  for (const node of all(nodes)) {
    const { id, url, weight } = node.endpoint;
    assert.deepEqual({ url, weight }, expected.get(id));
    const isIn = node.ejection.state === 'in';
    assert.equal(nodes.live.has(node), weight > 0);
    assert.equal(nodes.ready.has(node), weight > 0 && isIn);
    assert.equal(nodes.out.has(node), weight > 0 && !isIn);
    if (weight > 0) live++;
    if (weight > 0 && isIn) ready++;
  }
  assert.deepEqual([nodes.live.size, nodes.ready.size], [live, ready]);
}
