import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pick } from '../../src/balancer/pick.ts';
import type { Node } from '../../src/core/node.ts';
import { seeded } from '../../src/core/random.ts';
import { aContext } from '../../src/testing.ts';
import { all, eject, nodesOf } from '../support/nodes.ts';

const WEIGHTS = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`10.0.0.${at}`, at < 10 ? 1 : 3]));

/** Starts a call at a node. */
function begin(node: Node): Node {
  node.inFlight++;
  node.all.inFlight++;
  return node;
}

for (const picker of ['ring-hash', 'maglev'] as const) {
  const policy = aContext({ policy: { balance: { picker } } }).policy.balance;
  const random = seeded(1);

  test(`${picker}: with 10,000 calls under way, few keys and a bound, nobody has more than the bound times its share`, () => {
    for (const bound of [1.05, 1.25, 2]) {
      const nodes = nodesOf(WEIGHTS);
      for (let call = 0; call < 10_000; call++) {
        begin(pick(nodes, [], policy, 0, random, `user-${call % 7}`, { bound })!);
      }
      for (const { inFlight, weight, endpoint } of all(nodes)) {
        const most = Math.ceil((10_000 * bound * weight) / nodes.live.total);
        assert.ok(inFlight <= most, `${endpoint.id} has ${inFlight}, ${most} are the most at ${bound}`);
      }
    }
  });

  test(`${picker}: a bound moves nobody while load is even, and only the calls that are too many else`, () => {
    const nodes = nodesOf(WEIGHTS);
    const owner = pick(nodes, [], policy, 0, random, 'user')!;
    assert.equal(pick(nodes, [], policy, 0, random, 'user', { bound: 1.25 }), owner, 'nobody is asked anything');
    for (const node of all(nodes)) for (let call = 0; call < 10 * node.weight; call++) begin(node);
    assert.equal(pick(nodes, [], policy, 0, random, 'user', { bound: 1.25 }), owner, 'all have their share');
    for (let call = 0; call < 10; call++) begin(owner);
    const other = pick(nodes, [], policy, 0, random, 'user', { bound: 1.25 })!;
    assert.notEqual(other, owner);
    for (let call = 0; call < 5; call++)
      assert.equal(pick(nodes, [], policy, 0, random, 'user', { bound: 1.25 }), other);
    assert.equal(pick(nodes, [], policy, 0, random, 'user'), owner, 'without a bound it stays');
    assert.equal(
      pick(nodes, [], policy, 0, random, 'user', { bound: 0.99 }),
      owner,
      'less than its share can not be meant',
    );
  });

  test(`${picker}: who is spared for another never gets it, nor who is out or was tried`, () => {
    const nodes = nodesOf({ a: 1, b: 1, c: 1 });
    const owner = pick(nodes, [], policy, 0, random, 'user')!;
    for (let call = 0; call < 10; call++) begin(owner);
    const [one, other] = all(nodes).filter((node) => node !== owner);
    eject(nodes, [one!.endpoint.id]);
    assert.equal(pick(nodes, [], policy, 0, random, 'user', { bound: 1.25 }), other);
    assert.equal(pick(nodes, [other!], policy, 0, random, 'user', { bound: 1.25 }), owner, 'better crowded than tried');
  });
}
