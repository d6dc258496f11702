import assert from 'node:assert/strict';
import { test } from 'node:test';
import { odds } from '../../src/balancer/odds.ts';
import { pick } from '../../src/balancer/pick.ts';
import { seeded } from '../../src/core/random.ts';
import { aContext } from '../../src/testing.ts';
import { listed, nodesOf } from '../support/nodes.ts';

const PICKS = 5_000;

for (const picker of ['p2c', 'least-request', 'random'] as const) {
  test(`${picker}: one that has just come has the share that its next calls give it, before the first of them`, () => {
    const { policy } = aContext({ policy: { balance: { picker, warmUp: '60s' } } });
    for (const seconds of [0, 30, 90]) {
      const nodes = nodesOf({ a: 1, b: 1 });
      nodes.update(listed({ a: 1, b: 1, c: 1 }));
      const view = nodes.view(policy);
      for (const node of [...{ [Symbol.iterator]: () => nodes[Symbol.iterator]() }])
        node.latency.observe(10, 0, 10_000);
      const asked = { policy, key: undefined, priority: 'default' } as const;
      const random = seeded(seconds, 3);
      if (seconds > 0) pick(view, [], policy.balance, 0, random); // from its first call on it grows
      const now = seconds * 1_000;
      const { shares } = odds(view, asked, now);
      const planned = [...shares].find(([node]) => node.endpoint.id === 'c')?.[1] ?? 0;
      let found = 0;
      for (let turn = 0; turn < PICKS; turn++) {
        if (pick(view, [], policy.balance, now, random)!.endpoint.id === 'c') found += 1 / PICKS;
      }
      assert.ok(Math.abs(planned - found) < 0.02, `after ${seconds} s planned ${planned}, then ${found}`);
    }
  });
}

test('a share is of all calls: of those that may be called they come to one', () => {
  const { policy } = aContext({ policy: { balance: { picker: 'p2c' } } });
  const nodes = nodesOf({ a: 1, b: 2, c: 3, none: 0 });
  const { shares, by } = odds(nodes.view(policy), { policy, key: undefined, priority: 'default' }, 0);
  assert.equal(by, 'better');
  assert.equal(
    [...shares.keys()].some(({ endpoint }) => endpoint.id === 'none'),
    false,
  );
  assert.ok(Math.abs([...shares.values()].reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
});
