import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import type { PickerName } from '../../src/balancer/pickers.ts';
import type { View } from '../../src/balancer/view.ts';
import { type Endpoint, endpoint } from '../../src/core/endpoint.ts';
import { NO_PEERS } from '../../src/core/peers.ts';
import { seeded } from '../../src/core/random.ts';
import type { Policy, PolicySections } from '../../src/policy/table.ts';
import { aContext } from '../../src/testing.ts';
import { all, eject, nodeOf } from '../support/nodes.ts';

type Said = { readonly zone?: string; readonly weight?: number } & Readonly<Record<string, string | number>>;

/** An endpoint by its id and what its record says. */
function one(id: string, { zone = '', weight = 1, ...metadata }: Said = {}): Endpoint {
  return endpoint(`http://${id}:3000`, { id, zone, weight, metadata: metadata as Record<string, string> });
}

function nodesIn(zone: string, ...endpoints: readonly Endpoint[]): Nodes {
  const nodes = new Nodes({ zone });
  nodes.update(endpoints);
  return nodes;
}

const policyOf = (policy: PolicySections = {}): Policy => aContext({ policy }).policy;

/** How often each is picked by calls of such a policy. */
function counts(nodes: Nodes, policy: Policy, picks = 1_000, key?: string): Record<string, number> {
  const [random, found]: [ReturnType<typeof seeded>, Record<string, number>] = [seeded(1), {}];
  for (let turn = 0; turn < picks; turn++) {
    const view = nodes.view(policy);
    view.reckon(policy, 0);
    const id = pick(view, [], policy.balance, 0, random, key)?.endpoint.id ?? 'nobody';
    found[id] = (found[id] ?? 0) + 1;
  }
  return found;
}

const ids = (found: Readonly<Record<string, number>>): string => Object.keys(found).sort().join(' ');

const seen = (view: View): string[] =>
  [...Array(view.whole.live.size).keys()].map((at) => view.whole.live.at(at)!.endpoint.id);

test('calls go to the endpoints of our own zone, and elsewhere only where there is none', () => {
  const nodes = nodesIn('a', one('a1', { zone: 'a' }), one('b1', { zone: 'b' }), one('a2', { zone: 'a' }), one('c1'));
  assert.equal(ids(counts(nodes, policyOf())), 'a1 a2');
  assert.equal(ids(counts(nodes, policyOf({ zone: { mode: 'off' } }))), 'a1 a2 b1 c1');
  nodes.update([one('b1', { zone: 'b' }), one('c1')]);
  assert.equal(ids(counts(nodes, policyOf())), 'b1 c1');
  nodes.update([one('b1', { zone: 'a' }), one('c1')]);
  assert.equal(ids(counts(nodes, policyOf())), 'b1', 'a record that moves to our zone moves the calls');
});

test('within a zone a priority counts, and the zone before that of others', () => {
  const nodes = nodesIn(
    'a',
    one('a1', { zone: 'a', priority: '1' }),
    one('a0', { zone: 'a', priority: '0' }),
    one('b0', { zone: 'b' }),
    one('b1', { zone: 'b', priority: '1' }),
  );
  assert.equal(ids(counts(nodes, policyOf())), 'a0');
  eject(nodes, ['a0']);
  assert.equal(ids(counts(nodes, policyOf())), 'b0');
  eject(nodes, ['b0']);
  assert.equal(ids(counts(nodes, policyOf())), 'a1');
  assert.equal(ids(counts(nodes, policyOf({ zone: { priorities: false } }))), 'a1 b1');
  eject(nodes, ['a1']);
  assert.equal(ids(counts(nodes, policyOf())), 'b1');
});

test('a priority that is no whole number up to 127 counts as none', () => {
  for (const priority of ['-1', '1.5', '128', 'high', '', '01']) {
    assert.equal(ids(counts(nodesIn('', one('a', { priority }), one('b')), policyOf())), 'a b', priority);
  }
  assert.equal(ids(counts(nodesIn('', one('a', { priority: '127' }), one('b')), policyOf())), 'b');
});

test('each level panics for itself, and never where the others can take the calls', () => {
  const zone = (name: string) => Array.from({ length: 4 }, (_, at) => one(`${name}${at}`, { zone: name }));
  const nodes = nodesIn('a', ...zone('a'), ...zone('b'));
  eject(nodes, ['a0', 'a1', 'a2']);
  const found = counts(nodes, policyOf(), 4_000);
  assert.equal(ids(found), 'a3 b0 b1 b2 b3');
  assert.ok(Math.abs(found.a3! / 4_000 - 0.35) <= 0.02, `${found.a3} of 4000`);
  eject(nodes, ['b0', 'b1', 'b2']);
  assert.equal(ids(counts(nodes, policyOf(), 4_000)), 'a0 a1 a2 a3 b0 b1 b2 b3', 'both are too weak');
  assert.equal(ids(counts(nodes, policyOf({ balance: { panic: 0 } }))), 'a3 b3');
});

test('an attempt goes to another zone when it has been everywhere in ours', () => {
  const nodes = nodesIn('a', one('a1', { zone: 'a' }), one('a2', { zone: 'a' }), one('b1', { zone: 'b' }));
  const policy = policyOf();
  const view = nodes.view(policy);
  view.reckon(policy, 0);
  const tried = [nodeOf(nodes, 'a1'), nodeOf(nodes, 'a2')];
  assert.equal(pick(view, tried, policy.balance, 0, seeded(1))?.endpoint.id, 'b1');
  assert.ok(pick(view, all(nodes), policy.balance, 0, seeded(1)), 'when it has been everywhere, any is as good');
});

test('an endpoint of another zone that is due is probed, so that it is well when it is needed', () => {
  const nodes = nodesIn('a', one('a1', { zone: 'a' }), one('b1', { zone: 'b' }));
  eject(nodes, ['b1']);
  const policy = policyOf();
  const view = nodes.view(policy);
  view.reckon(policy, 1_000);
  assert.equal(pick(view, [], policy.balance, 1_000, seeded(1))?.endpoint.id, 'b1');
  assert.equal(pick(view, [], policy.balance, 1_000, seeded(1))?.endpoint.id, 'a1');
});

test('calls of one key stay together while calls spill', () => {
  const zone = (name: string) => Array.from({ length: 4 }, (_, at) => one(`${name}${at}`, { zone: name }));
  const nodes = nodesIn('a', ...zone('a'), ...zone('b'));
  eject(nodes, ['a0', 'a1']);
  for (const picker of ['ring-hash', 'maglev'] as readonly PickerName[]) {
    const found = Array.from({ length: 400 }, (_, user) =>
      ids(counts(nodes, policyOf({ balance: { picker } }), 5, `user-${user}`)),
    );
    const here = found.filter((id) => id.startsWith('a')).length;
    assert.ok(
      found.every((id) => !id.includes(' ')),
      'one key, one endpoint',
    );
    assert.ok(Math.abs(here / 400 - 0.7) < 0.07, `${picker}: ${here} of 400 keys stay`);
  }
});

test('calls of a subset go where all its labels are, and nowhere else', () => {
  const nodes = nodesIn(
    '',
    one('v1', { version: 'v1' }),
    one('v2', { version: 'v2', stage: 'prod' }),
    one('v2c', { version: 'v2', stage: 'canary' }),
    one('z', { zone: 'b' }),
  );
  const subset = (labels: Readonly<Record<string, string>>, fallback: 'none' | 'any' = 'none') =>
    ids(counts(nodes, policyOf({ subset: { labels, fallback } }), 100));
  assert.equal(subset({}), 'v1 v2 v2c z');
  assert.equal(subset({ version: 'v2' }), 'v2 v2c');
  assert.equal(subset({ version: 'v2', stage: 'canary' }), 'v2c');
  assert.equal(subset({ zone: 'b' }), 'z');
  assert.equal(subset({ version: 'v3' }), 'nobody');
  assert.equal(subset({ version: 'v3' }, 'any'), 'v1 v2 v2c z');
  assert.equal(subset({ version: 'v1' }, 'any'), 'v1');
});

test('a subset follows the list, weights and health in place', () => {
  const nodes = nodesIn('', one('a', { version: 'v2' }), one('b', { version: 'v2' }), one('c'));
  const policy = policyOf({ subset: { labels: { version: 'v2' } } });
  assert.equal(ids(counts(nodes, policy)), 'a b');
  eject(nodes, ['b']);
  assert.equal(ids(counts(nodes, policy)), 'a');
  nodes.update([one('a', { version: 'v2', weight: 0 }), one('b', { version: 'v2' }), one('c', { version: 'v2' })]);
  assert.equal(ids(counts(nodes, policy)), 'c');
  nodes.update([one('c', { version: 'v1' })]);
  assert.equal(ids(counts(nodes, policy)), 'nobody');
  nodes.update([one('d', { version: 'v2' })]);
  assert.equal(ids(counts(nodes, policy)), 'd');
});

test('zones and priorities hold within a subset too', () => {
  const nodes = nodesIn(
    'a',
    one('a1', { zone: 'a' }),
    one('a2', { zone: 'a', version: 'v2' }),
    one('b2', { zone: 'b', version: 'v2' }),
  );
  const policy = policyOf({ subset: { labels: { version: 'v2' } } });
  assert.equal(ids(counts(nodes, policy)), 'a2');
  eject(nodes, ['a2']);
  assert.equal(ids(counts(nodes, policy)), 'b2');
});

test('policies that say the same see the same, and what many routes name is bounded', () => {
  const nodes = nodesIn('', one('a', { n: '1' }), one('b'));
  const view = (n: string) => nodes.view(policyOf({ subset: { labels: { n } } }));
  const first = view('1');
  assert.equal(view('1'), first);
  assert.deepEqual(seen(first), ['a']);
  for (let n = 2; n < 100; n++) view(`${n}`);
  assert.notEqual(view('1'), first, 'it was let go, and made anew');
  assert.deepEqual(seen(view('1')), ['a']);
  nodes.update([one('b'), one('c', { n: '1' })]);
  assert.deepEqual(seen(view('1')), ['c']);
});

test('policies by turns see what each sees, also one that others have pushed out meanwhile', () => {
  const nodes = nodesIn('', one('a', { version: '1' }), one('b', { version: '1' }), one('c', { version: '2' }));
  const [first, second] = ['1', '2'].map((version) => policyOf({ subset: { labels: { version } } }));
  for (let turn = 0; turn < 2; turn++) {
    assert.deepEqual(seen(nodes.view(first!)).sort(), ['a', 'b']);
    assert.deepEqual(seen(nodes.view(second!)), ['c']);
  }
  for (let other = 0; other < 40; other++) nodes.view(policyOf({ subset: { labels: { version: `x${other}` } } }));
  nodes.drop('b');
  assert.deepEqual(seen(nodes.view(first!)), ['a']);
});

test('a zone that is too small for its callers gives the others what it can not take, and what it can not for health', () => {
  const zone = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => one(`${name}${at}`, { zone: name }));
  let here = 4;
  const peers = {
    ...NO_PEERS,
    callers: () =>
      new Map([
        ['a', here],
        ['b', 8 - here],
      ]),
  };
  const nodes = new Nodes({ zone: 'a' }, peers);
  nodes.update([...zone('a', 2), ...zone('b', 6)]);
  const policy = policyOf();
  const shares = (now: number) => {
    nodes.view(policy).reckon(policy, now);
    return nodes
      .view(policy)
      .facts(policy)
      .levels.map(({ percent }) => percent);
  };
  assert.deepEqual(shares(0), [50, 50], 'a quarter of the endpoints for half of the callers');
  here = 2;
  assert.deepEqual(shares(500), [50, 50], 'it looks once a second');
  assert.deepEqual(shares(1_000), [100, 0], 'a quarter for a quarter');
  eject(nodes, ['a0']);
  assert.deepEqual(shares(1_000), [57, 43], 'one of seven that are left, for a quarter');
  eject(nodes, ['b0', 'b1', 'b2', 'b3', 'b4', 'b5']);
  assert.deepEqual(shares(2_000), [100, 0], 'the others are worse off');
});
