import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balance } from '../../src/balancer/balance.ts';
import type { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import { LiveValue } from '../../src/core/live.ts';
import { seeded } from '../../src/core/random.ts';
import type { Resolution } from '../../src/core/resolution.ts';
import { LoadWeight } from '../../src/math/load-weight.ts';
import { aContext, answer, testEnv } from '../../src/testing.ts';
import { all, listed, nodeOf, nodesOf } from '../support/nodes.ts';

const BY_LOAD = { balance: { picker: 'weighted-round-robin', load: 'orca' } } as const;

/** A node whose reports make it weigh so much. */
function weigh(nodes: Nodes, id: string, weight: number, now: number): void {
  const node = nodeOf(nodes, id);
  node.load ??= new LoadWeight();
  node.load.observe({ rps: weight, eps: 0, utilization: 1 }, now);
}

function counts(nodes: Nodes, now: number, policy = aContext({ policy: BY_LOAD }).policy.balance, picks = 1_200) {
  const [random, found]: [ReturnType<typeof seeded>, Record<string, number>] = [seeded(1), {}];
  for (let turn = 0; turn < picks; turn++) {
    const { id } = pick(nodes, [], policy, now, random)!.endpoint;
    found[id] = (found[id] ?? 0) + 1;
  }
  return found;
}

test('endpoints are called as often as their load says, exactly, whatever their records say', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 5 });
  for (const [id, weight] of Object.entries({ a: 100, b: 200, c: 300 })) weigh(nodes, id, weight, 0);
  assert.deepEqual(counts(nodes, 10_000), { a: 200, b: 400, c: 600 });
  const off = aContext({ policy: { balance: { picker: 'weighted-round-robin' } } }).policy.balance;
  assert.ok(counts(nodes, 10_000, off).c! > 830, 'unless the policy asks for it the records count');
});

test('who has not told, or long ago, gets the mean of the others', () => {
  const nodes = nodesOf({ a: 1, b: 1, c: 1 });
  assert.deepEqual(counts(nodes, 0), { a: 400, b: 400, c: 400 }, 'nobody has told');
  weigh(nodes, 'a', 100, 0);
  assert.deepEqual(counts(nodes, 20_000), { a: 400, b: 400, c: 400 }, 'one alone can not be compared');
  weigh(nodes, 'c', 300, 20_000);
  assert.deepEqual(counts(nodes, 30_000), { a: 200, b: 400, c: 600 });
  assert.deepEqual(counts(nodes, 190_000), { a: 400, b: 400, c: 400 }, 'a has told nothing for three minutes');
});

test('weights are reckoned anew each second, and the turns go on', () => {
  const nodes = nodesOf({ a: 1, b: 1 });
  weigh(nodes, 'a', 100, 0);
  weigh(nodes, 'b', 100, 0);
  assert.deepEqual(counts(nodes, 20_000), { a: 600, b: 600 });
  weigh(nodes, 'b', 300, 20_100);
  assert.deepEqual(counts(nodes, 20_900), { a: 600, b: 600 });
  assert.deepEqual(counts(nodes, 21_000), { a: 300, b: 900 });
});

test('an answer tells its load, be it a good one or one that the client throws', async () => {
  const env = testEnv();
  const nodes = nodesOf({ a: 1 });
  const resolution = new LiveValue<Resolution>({ is: 'bound', endpoints: listed({ a: 1 }) });
  const told = async (context: ReturnType<typeof aContext>, result: () => unknown): Promise<number | undefined> => {
    const service = balance<string, unknown>(env, nodes, resolution, async () => result());
    await service('x', context).catch(() => {});
    await env.clock.advance(10_000);
    return all(nodes)[0]!.load?.read(env.clock.now());
  };
  const header = (text: string) => ({ headers: { 'endpoint-load-metrics': text } });
  const report = 'TEXT rps_fractional=100,application_utilization=0.5,cpu_utilization=0.9';
  assert.equal(await told(aContext(), () => ({ ...answer(200), ...header(report) })), undefined, 'nobody asked');
  assert.equal(await told(aContext({ policy: BY_LOAD }), () => ({ ...answer(200), ...header('TEXT x') })), undefined);
  assert.equal(await told(aContext({ policy: BY_LOAD }), () => ({ ...answer(200), ...header(report) })), 200);
  const binary = { headers: { 'endpoint-load-metrics-bin': 'CQAAAAAAAOA/MQAAAAAAAFlA' } }; // cpu 0.5, rps 100
  assert.equal(await told(aContext({ policy: BY_LOAD }), () => ({ ...answer(200), ...binary })), 200);
  const thrown = Object.assign(new Error('503'), {
    response: { status: 503, ...header('JSON {"rps_fractional": 100, "cpu_utilization": 2}') },
  });
  const throwing = () => {
    throw thrown;
  };
  assert.equal(await told(aContext({ policy: BY_LOAD }), throwing), 50);
});

test('a server that tells of endless requests at no cost stops nobody, and gets no more than others by far', () => {
  const nodes = nodesOf(Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`n${at}`, 1])));
  for (const node of all(nodes)) weigh(nodes, node.endpoint.id, 100, 0);
  const liar = nodeOf(nodes, 'n0');
  for (const figures of [
    { rps: 1e300, eps: 0, utilization: 1e-300 },
    { rps: Number.MAX_VALUE, eps: 0, utilization: 1 },
  ]) {
    liar.load!.observe(figures, 0);
    const found = counts(nodes, 10_000);
    assert.ok(found.n0! < 1_200 / 3, `${found.n0}`);
  }
});
