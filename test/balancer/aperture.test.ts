import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import type { PickerName } from '../../src/balancer/pickers.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import { NO_PEERS, type Peers } from '../../src/core/peers.ts';
import { type Random, seeded } from '../../src/core/random.ts';
import type { Standing } from '../../src/math/aperture.ts';
import type { Policy, PolicySections } from '../../src/policy/table.ts';
import { aContext } from '../../src/testing.ts';
import { all, eject } from '../support/nodes.ts';

type Setting = NonNullable<PolicySections['aperture']>;

const policyOf = (aperture: Setting, picker: PickerName = 'p2c'): Policy =>
  aContext({ policy: { aperture, balance: { picker } } }).policy;

const servers = (count: number, zone = '') =>
  Array.from({ length: count }, (_, at) => endpoint(`http://${zone || 'h'}${at}:3000`, { zone }));

const peersAt = (index: number, of: number, seed = index): Peers => {
  const standing = { index, of };
  return { ...NO_PEERS, seed, standing: () => standing };
};

/** What one client of so many calls, with a few calls under way at a time. */
function drive(nodes: Nodes, policy: Policy, picks: number, random: Random, asked = new Map<string, number>()) {
  const underWay: ReturnType<typeof all> = [];
  for (let turn = 0; turn < picks; turn++) {
    const view = nodes.view(policy);
    view.reckon(policy, 0);
    const node = pick(view, [], policy.balance, 0, random)!;
    asked.set(node.endpoint.id, (asked.get(node.endpoint.id) ?? 0) + 1);
    node.inFlight++;
    if (underWay.push(node) <= 4) continue;
    const ended = underWay.shift()!;
    ended.inFlight--;
    ended.latency.observe(8 + 4 * random.next(), 0, policy.balance.decay);
  }
  for (const node of underWay) node.inFlight--;
  return asked;
}

/** How far the load of servers varies when a hundred clients call a hundred of them. */
function variation(policy: Policy, picks: number): number {
  const asked = new Map<string, number>();
  for (let client = 0; client < 100; client++) {
    const nodes = new Nodes({ zone: '' }, peersAt(client, 100, seeded(client, 9).bits()));
    nodes.update(servers(100));
    drive(nodes, policy, picks, seeded(client), asked);
  }
  const loads = [...Array(100).keys()].map((at) => asked.get(`http://h${at}:3000`) ?? 0);
  const mean = loads.reduce((sum, load) => sum + load, 0) / 100;
  return Math.sqrt(loads.reduce((sum, load) => sum + (load - mean) ** 2, 0) / 100) / mean;
}

/** How many nodes calls of such a policy go to. */
function seen(nodes: Nodes, policy: Policy, now = 0): number {
  nodes.view(policy).reckon(policy, now);
  return nodes.view(policy).whole.live.size;
}

test('100 clients and 100 servers, 20 for each: load varies by less than 0.35 with rendezvous, hardly at all on the ring', () => {
  const [chance, ring] = [
    variation(policyOf({ mode: 'rendezvous', size: 20, above: 20 }), 500),
    variation(policyOf({ mode: 'ring', size: 20, above: 20 }), 500),
  ];
  assert.ok(chance < 0.35, `rendezvous ${chance}`);
  assert.ok(ring < 0.08, `ring ${ring}: what chance makes of 500 calls for each`);
});

test('endpoints that lie on the edge of an arc get the part that lies in it, under load too', () => {
  const policy = policyOf({ size: 10, above: 10 });
  const nodes = new Nodes({ zone: '' }, peersAt(3, 7));
  nodes.update(servers(24));
  const asked = drive(nodes, policy, 20_000, seeded(1));
  const { live } = nodes.view(policy).whole;
  for (let at = 0; at < live.size; at++) {
    const due = live.weight(at) / live.total;
    const share = (asked.get(live.at(at)!.endpoint.id) ?? 0) / 20_000;
    assert.ok(Math.abs(share - due) < 0.02, `due ${due}, got ${share}`);
  }
  assert.ok(
    [...Array(live.size).keys()].some((at) => live.weight(at) < 1),
    'there is such an edge',
  );
});

test('a service is called whole up to a hundred endpoints; 15 of it are called above, by default', () => {
  const nodes = new Nodes({ zone: '' }, peersAt(5, 200));
  nodes.update(servers(100));
  assert.equal(seen(nodes, policyOf({})), 100);
  nodes.update(servers(200));
  assert.equal(seen(nodes, policyOf({}), 2_000), 14);
  assert.equal(seen(nodes, policyOf({ mode: 'rendezvous' })), 15);
  assert.equal(seen(nodes, policyOf({ mode: 'off' })), 200);
  assert.equal(seen(nodes, policyOf({}, 'maglev')), 200, 'whose a key is all must agree on');
  nodes.update(servers(90));
  assert.equal(seen(nodes, policyOf({}), 4_000), 90);
});

test('all endpoints are called while our place among our like is not known', () => {
  let standing: Standing | undefined;
  const nodes = new Nodes({ zone: '' }, { ...NO_PEERS, seed: 1, standing: () => standing });
  nodes.update(servers(200));
  assert.equal(seen(nodes, policyOf({})), 200);
  standing = { index: 0, of: 200 };
  assert.equal(seen(nodes, policyOf({})), 14);
  standing = { index: 0, of: 2 };
  assert.equal(seen(nodes, policyOf({})), 100, 'two of us have to reach them all');
  standing = undefined;
  assert.equal(seen(nodes, policyOf({})), 200);
});

test('one endpoint more or less changes one of those called by rendezvous, and who goes is dropped at once', () => {
  const policy = policyOf({ mode: 'rendezvous', size: 20 });
  const nodes = new Nodes({ zone: '' }, peersAt(0, 1));
  nodes.update(servers(200));
  const called = () => new Set(all(nodes).filter((node) => nodes.view(policy).whole.live.has(node)));
  assert.equal(seen(nodes, policy), 20);
  const before = called();
  const [gone] = [...before];
  nodes.update(all(nodes).flatMap((node) => (node === gone ? [] : [node.endpoint])));
  assert.equal(seen(nodes, policy, 500), 19, 'the list is changing: no new one yet');
  assert.equal(seen(nodes, policy, 1_500), 20);
  assert.equal([...called()].filter((node) => before.has(node)).length, 19);
});

test('each zone is cut for itself, so that there are always some in ours', () => {
  const near = { index: 2, of: 50 };
  const nodes = new Nodes(
    { zone: 'a' },
    { ...NO_PEERS, seed: 1, standing: (zone) => (zone === 'a' ? near : { index: 9, of: 200 }) },
  );
  nodes.update([...servers(50, 'a'), ...servers(150, 'b')]);
  const policy = policyOf({});
  seen(nodes, policy);
  const { levels } = nodes.view(policy).facts(policy);
  assert.deepEqual(
    levels.map(({ elsewhere, endpoints }) => [elsewhere, endpoints <= 15 && endpoints >= 7]),
    [
      [false, true],
      [true, true],
    ],
  );
  assert.ok([...drive(nodes, policy, 300, seeded(1)).keys()].every((id) => id.startsWith('http://a')));
});

test('those of our part that are out of rotation are left out, and explain says whose the others are', () => {
  const policy = policyOf({ mode: 'rendezvous' });
  const nodes = new Nodes({ zone: '' }, peersAt(0, 1));
  nodes.update(servers(200));
  seen(nodes, policy);
  const view = nodes.view(policy);
  const [first] = all(nodes).filter((node) => view.whole.live.has(node));
  eject(nodes, [first!.endpoint.id]);
  assert.equal(view.whole.ready.size, 14);
  const others = all(nodes).filter((node) => view.whyNot(node, []) !== '');
  assert.equal(others.length, 185);
  assert.match(view.whyNot(others[0]!, []), /for others of our service/);
});

test('when the endpoints of our part leave all at once, or most of them, another part is chosen at once', () => {
  const policy = policyOf({ size: 15, above: 100 });
  const nodes = new Nodes({ zone: '' }, peersAt(3, 100));
  nodes.update(servers(200));
  assert.ok(seen(nodes, policy, 0) <= 15);
  nodes.update(servers(200, 'green')); // all are replaced
  assert.ok(seen(nodes, policy, 10) >= 14, 'not a second later');
  const { live } = nodes.view(policy).whole;
  const ours = [...Array(live.size).keys()].map((at) => live.at(at)!.endpoint.id);
  nodes.update(servers(200, 'green').filter(({ id }) => !ours.slice(0, 10).includes(id)));
  assert.ok(seen(nodes, policy, 20) >= 14, 'a third of it is not to do the work of all for a second');
});
