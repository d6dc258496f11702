import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import { NO_PEERS } from '../../src/core/peers.ts';
import { seeded } from '../../src/core/random.ts';
import { aContext } from '../../src/testing.ts';
import { all, eject, nodeOf } from '../support/nodes.ts';

const one = (id: string, { zone }: { readonly zone: string }) => endpoint(`http://${id}:3000`, { id, zone });

/** So many endpoints in each zone, and so many of our like, of which we are one, in zone a. */
function zoned(endpoints: Readonly<Record<string, number>>, callers: Readonly<Record<string, number>>) {
  const peers = { ...NO_PEERS, callers: () => new Map(Object.entries(callers)) };
  const nodes = new Nodes({ zone: 'a' }, peers);
  nodes.update(
    Object.entries(endpoints).flatMap(([zone, count]) =>
      Array.from({ length: count }, (_, at) => one(`${zone}${at}`, { zone })),
    ),
  );
  const { policy } = aContext();
  let now = 0;
  const look = () => {
    now += 1_000;
    nodes.view(policy).reckon(policy, now);
    return nodes.view(policy).facts(policy).levels;
  };
  /** What each zone gets of so many calls, in percent. */
  const spread = (calls = 20_000): Readonly<Record<string, number>> => {
    const random = seeded(7);
    const got: Record<string, number> = {};
    for (let turn = 0; turn < calls; turn++) {
      const { zone } = pick(nodes.view(policy), [], policy.balance, now, random)!.endpoint;
      got[zone] = (got[zone] ?? 0) + 100 / calls;
    }
    return got;
  };
  return { nodes, policy, look, spread };
}

const near = (got: number | undefined, due: number): void =>
  assert.ok(Math.abs((got ?? 0) - due) < 1.5, `${got} where ${due} was due`);

test('what a zone can not take goes to the others by what they have to spare, and to none that has nothing', () => {
  // Envoy's own example: 40, 40 and 20 % of the callers, 25, 50 and 25 % of the endpoints; 62.5 % stay.
  const { nodes, policy, look, spread } = zoned({ a: 5, b: 10, c: 5 }, { a: 4, b: 4, c: 2 });
  const [here, elsewhere] = look();
  assert.deepEqual([here!.percent, elsewhere!.percent], [63, 37]);
  assert.deepEqual(elsewhere!.zones, { b: 25, c: 12 });
  const got = spread();
  near(got.a, 62.5);
  near(got.b, 25);
  near(got.c, 12.5);

  const full = zoned({ a: 2, b: 4, c: 6 }, { a: 4, b: 8, c: 0 });
  assert.deepEqual(full.look()[1]!.zones, { b: 0, c: 50 }, 'b is too small for its own callers');
  assert.deepEqual(Object.keys(full.spread()).sort(), ['a', 'c']);
  const view = full.nodes.view(full.policy);
  const { levels } = view.facts(full.policy);
  assert.match(view.whyNot(nodeOf(full.nodes, 'b0'), levels), /its zone has no more endpoints than it has callers/);
  assert.equal(view.whyNot(nodeOf(full.nodes, 'c0'), levels), '');
  assert.equal(nodes.view(policy).whyNot(nodeOf(nodes, 'b0'), look()), '');
});

test('what other zones have to spare follows the health and the lists of their endpoints', () => {
  const { nodes, look, spread } = zoned({ a: 2, b: 6, c: 6 }, { a: 5, b: 1, c: 1 });
  assert.deepEqual(look()[1]!.zones, { b: 40, c: 40 });
  eject(nodes, ['b0', 'b1', 'b2', 'b3', 'b4']);
  const zones = look()[1]!.zones;
  assert.ok(zones.c! > 5 * zones.b!, JSON.stringify(zones));
  const got = spread();
  near(got.b, zones.b!);
  near(got.c, zones.c!);
  nodes.update([...Array(2).keys()].map((at) => one(`a${at}`, { zone: 'a' })).concat(one('d0', { zone: 'd' })));
  assert.deepEqual(look()[1]?.zones ?? {}, {}, 'of three endpoints one more or less would move too many calls');
  nodes.update([...'abd'].flatMap((zone) => [...Array(3).keys()].map((at) => one(`${zone}${at}`, { zone }))));
  assert.deepEqual(Object.keys(look()[1]!.zones).sort(), ['b', 'd'], 'zones that are gone are forgotten');
});

test('a zone where nobody is listed any more takes calls where the others can, and an attempt goes on from there', () => {
  const { nodes, policy, look, spread } = zoned({ b: 6, c: 6 }, { a: 2, b: 2, c: 0 });
  const levels = look();
  assert.deepEqual([levels.length, levels[0]!.elsewhere, levels[0]!.percent], [1, true, 100]);
  assert.deepEqual(levels[0]!.zones, { b: 0, c: 100 });
  assert.deepEqual(Object.keys(spread()), ['c']);
  const tried = all(nodes).filter(({ endpoint: { zone } }) => zone === 'c');
  const next = pick(nodes.view(policy), tried, policy.balance, 1_000, seeded(1));
  assert.equal(next?.endpoint.zone, 'b', 'it has been everywhere in c');
});

test('while nobody knows where our like are, or in panic, what spills goes by endpoints', () => {
  const { nodes, look } = zoned({ a: 2, b: 4, c: 8 }, {});
  eject(nodes, ['a0', 'a1']);
  assert.deepEqual(look()[1]!.zones, {});
  const sick = zoned({ a: 4, b: 4, c: 4 }, { a: 6, b: 3, c: 3 });
  eject(
    sick.nodes,
    all(sick.nodes)
      .map(({ endpoint: { id } }) => id)
      .filter((id) => !id.endsWith('0')),
  );
  const levels = sick.look();
  assert.ok(levels.every(({ panic }) => panic));
  assert.deepEqual(levels[1]!.zones, {});
});
