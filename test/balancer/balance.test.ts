import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { balance } from '../../src/balancer/balance.ts';
import { Nodes } from '../../src/balancer/nodes.ts';
import type { Context } from '../../src/core/context.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import { LiveValue } from '../../src/core/live.ts';
import type { Node } from '../../src/core/node.ts';
import type { Resolution } from '../../src/core/resolution.ts';
import type { Service } from '../../src/core/service.ts';
import { aContext, answer, refused, settled, testEnv } from '../../src/testing.ts';

const all = (nodes: Nodes): Node[] => [...{ [Symbol.iterator]: () => nodes[Symbol.iterator]() }];

function aBalancer(send: (context: Context) => unknown, weights: readonly number[] = [1, 1]) {
  const env = testEnv();
  const nodes = new Nodes();
  const endpoints = weights.map((weight, at) => endpoint(`http://h${at}:1`, { weight }));
  nodes.update(endpoints);
  const resolution = new LiveValue<Resolution>({ is: 'bound', endpoints });
  const below: Service<string, unknown> = async (_request, context) => send(context);
  return { env, nodes, resolution, service: balance(env, nodes, resolution, below) };
}

const inFlight = (nodes: Nodes): number => all(nodes).reduce((sum, node) => sum + node.inFlight, 0);

test('the context below says where the attempt goes and when it began', async () => {
  const { env, service } = aBalancer(({ flight }) => flight);
  await env.clock.advance(42);
  const flight = (await service('x', aContext({ begunAt: 42 }))) as NonNullable<Context['flight']>;
  assert.equal(flight.at, 42);
  assert.match(flight.node.endpoint.address, /^h[01]:1$/);
});

test('a call counts as under way from its start to its end, however that is', async () => {
  for (const end of ['value', 'error', 'called off'] as const) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const { nodes, service } = aBalancer(() => promise);
    const context = aContext();
    const calling = service('x', context).catch(() => {});
    assert.equal(inFlight(nodes), 1);
    if (end === 'value') resolve(answer(200));
    else if (end === 'error') reject(refused());
    else context.scope.cancel(new Error('enough'));
    await settled();
    assert.equal(inFlight(nodes), 0, end);
    if (end === 'called off') {
      resolve('late');
      await settled();
      assert.equal(inFlight(nodes), 0, 'and a late answer does not count twice');
    }
    await calling;
  }
});

test('nothing is sent for a call that is over', async () => {
  let sent = 0;
  const { nodes, service } = aBalancer(() => sent++);
  const context = aContext();
  const reason = new Error('enough');
  context.scope.cancel(reason);
  await assert.rejects(service('x', context), reason);
  assert.deepEqual([sent, inFlight(nodes)], [0, 0]);
});

test('answers teach how long they take', async () => {
  const { env, nodes, service } = aBalancer(
    () => new Promise((resolve) => env.clock.schedule(30, () => resolve('ok'))),
    [1],
  );
  const calling = service('x', aContext());
  await env.clock.advance(30);
  await calling;
  assert.equal(all(nodes)[0]!.latency.read(env.clock.now(), 10_000), 30);
});

test('a failure counts as an answer that took as long as the penalty says, so that failing fast attracts nothing', async () => {
  const { env, nodes, service } = aBalancer(() => answer(500), [1]);
  await service('x', aContext());
  assert.equal(all(nodes)[0]!.latency.read(env.clock.now(), 10_000), 1_000);
  await service('x', aContext({ policy: { balance: { penalty: '3s' } } }));
  assert.equal(all(nodes)[0]!.latency.read(env.clock.now(), 10_000), 3_000);
});

test('a call that was called off teaches that it would have taken longer still, and no more', async () => {
  const { env, nodes, service } = aBalancer(() => new Promise(() => {}), [1]);
  const [node] = all(nodes);
  node!.latency.observe(50, 0, 10_000);
  const early = aContext();
  void service('x', early).catch(() => {});
  await env.clock.advance(1);
  early.scope.cancel('x');
  const before = node!.latency.read(1, 10_000);
  assert.ok(before > 49 && before < 50);
  const late = aContext({ begunAt: 1 });
  void service('x', late).catch(() => {});
  await env.clock.advance(200);
  late.scope.cancel('x');
  assert.equal(node!.latency.read(201, 10_000), 200);
});

test('a node that goes while it has a call lets the call end well', async () => {
  const { promise, resolve } = Promise.withResolvers();
  const { nodes, service } = aBalancer(() => promise, [1]);
  const [node] = all(nodes);
  const calling = service('x', aContext());
  nodes.update([]);
  resolve('ok');
  assert.equal(await calling, 'ok');
  assert.equal(node!.inFlight, 0);
  assert.equal(nodes.size, 0);
});

const refusals: readonly (readonly [resolution: Resolution, weights: readonly number[], message: string])[] = [
  [{ is: 'unknown' }, [], 'orders: not known in the registry (UNAVAILABLE: no-endpoints)'],
  [{ is: 'bound', endpoints: [] }, [], 'orders: no endpoints (UNAVAILABLE: no-endpoints)'],
  [{ is: 'stale', endpoints: [], error: new Error('away') }, [], 'orders: no endpoints (UNAVAILABLE: no-endpoints)'],
  [
    { is: 'bound', endpoints: [] },
    [0, 0],
    'orders: no endpoint takes calls, all 2 have weight 0 (UNAVAILABLE: no-endpoints)',
  ],
];

for (const [is, weights, message] of refusals) {
  test(`it says: ${message} (${is.is})`, async () => {
    let sent = 0;
    const { resolution, service } = aBalancer(() => sent++, weights);
    resolution.set(is);
    await assert.rejects(service('x', aContext()), { name: 'MeshError', message, sent: 'no', service: 'orders' });
    assert.equal(sent, 0);
  });
}

test('while nothing is known calls wait, all of them as one, and go when something is', async () => {
  const { nodes, resolution, service } = aBalancer(({ flight }) => flight!.node.endpoint.address, []);
  resolution.set({ is: 'pending' });
  const calling = Array.from({ length: 100 }, () => service('x', aContext()));
  assert.equal(resolution.watchers, 1);
  const endpoints = [endpoint('http://h9:1')];
  nodes.update(endpoints);
  resolution.set({ is: 'bound', endpoints });
  assert.deepEqual(new Set(await Promise.all(calling)), new Set(['h9:1']));
  await settled();
  assert.equal(resolution.watchers, 0);
});

test('a call that waits is refused when the service turns out to be unknown', async () => {
  const { resolution, service } = aBalancer(() => 'ok', []);
  resolution.set({ is: 'pending' });
  const calling = service('x', aContext());
  resolution.set({ is: 'unknown' });
  await assert.rejects(calling, { reason: 'no-endpoints' });
});

test('a call that is called off while it waits ends at once', async () => {
  const { resolution, service } = aBalancer(() => 'ok', []);
  resolution.set({ is: 'pending' });
  const context = aContext();
  const calling = service('x', context);
  const reason = new Error('enough');
  context.scope.cancel(reason);
  await assert.rejects(calling, reason);
});

test('what waited and was called off is forgotten, be the registry away for hours', async () => {
  const { resolution, service } = aBalancer(() => 'ok', []);
  resolution.set({ is: 'pending' });
  const reasons = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const context = aContext();
      const calling = service('x', context);
      context.scope.cancel(new Error('enough'));
      return new WeakRef((await calling.catch((reason: unknown) => reason)) as Error);
    }),
  );
  await settled();
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  assert.ok(reasons.filter((reason) => reason.deref() !== undefined).length < 10);
  assert.equal(resolution.watchers, 1);
});

test('of those whose time out is up none is tried that has no room, while another has', async () => {
  const { env, nodes, service } = aBalancer(({ flight }) => flight!.node.endpoint.address, [1, 1, 1, 1, 1]);
  const [one, other] = all(nodes);
  for (const node of [one!, other!]) {
    node.inFlight = 1;
    node.ejection.eject({ ejection: 1_000, maxEjection: 1_000, forget: 1_000 }, 0, 0, 'after 1 failure');
    node.all.moved(node);
  }
  await env.clock.advance(2_000);
  const policy = { limit: { endpoint: 1, algorithm: 'fixed' } } as const;
  assert.match(String(await service('x', aContext({ policy, begunAt: 2_000 }))), /^h[234]:1$/);
});

test('every attempt is told: where it went, how it ended, and how long it took', async () => {
  const { env, service } = aBalancer(() => answer(503), [1]);
  await service('x', aContext({ attempt: 2 }));
  assert.deepEqual(
    env.told.filter(({ type }) => type === 'attempt'),
    [
      {
        at: env.clock.epoch(),
        type: 'attempt',
        service: 'orders',
        attempt: 2,
        endpoint: 'h0:1',
        outcome: 'failure',
        why: 'status 503',
        sent: 'yes',
        ms: 0,
      },
    ],
  );
});

test('what did not end well is noted in the history of the call, with where it was', async () => {
  const answers = [answer(503), answer(200)];
  const { nodes, service } = aBalancer(() => answers.shift(), [1]);
  const context = aContext();
  await service('x', context);
  await service('x', context);
  assert.deepEqual(context.history.reports, [
    {
      attempt: 1,
      endpoint: 'h0:1',
      outcome: 'failure',
      why: 'status 503',
      sent: 'yes',
      ms: 0,
      beganMs: 0,
      waitedMs: 0,
      passedOver: [],
    },
  ]);
  assert.deepEqual(context.history.tried, all(nodes));
  assert.equal(context.history.attempts, 2);
});
