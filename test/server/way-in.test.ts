import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mesh } from '../../src/mesh/mesh.ts';
import type { MeshOptions } from '../../src/mesh/options.ts';
import type { Problem } from '../../src/server/problem.ts';
import type { RequestContext } from '../../src/server/request-context.ts';
import { anArrival } from '../support/arrival.ts';
import { aMesh } from '../support/mesh.ts';

/** A request that has come in, and what hangs it up. */
function aRequest(headers: Record<string, string>, serve: (context: RequestContext) => unknown = () => 'served') {
  let hangUp = () => {};
  const onHangUp = (tell: () => void): void => {
    hangUp = tell;
  };
  return { arrival: anArrival({ path: '/orders/7?x=1', headers, onHangUp, serve }), hangUp: () => hangUp() };
}

const LATE = { 'grpc-timeout': '0m' };
const policed = (deadline: object): Partial<MeshOptions> => ({ policy: { defaults: { deadline } } }) as MeshOptions;

test('of the requests that come too late no more than a fifth are refused in 10 s', async () => {
  const { mesh, env, told } = await aMesh();
  const answers: unknown[] = [];
  for (let request = 0; request < 100; request++) {
    answers.push(await mesh.receive(aRequest(LATE).arrival));
    await env.clock.advance(10);
  }
  assert.equal(answers.filter((answer) => answer === 504).length, 20);
  assert.equal(answers.filter((answer) => answer === 'served').length, 80);
  assert.equal(told('refused').length, 20);
  await mesh.close();
  assert.equal(env.clock.pending, 0);
});

test('a few requests that come too late among many are all refused', async () => {
  const { mesh } = await aMesh();
  const answers: unknown[] = [];
  for (let request = 1; request <= 100; request++) {
    answers.push(await mesh.receive(aRequest(request % 10 === 0 ? LATE : {}).arrival));
  }
  assert.equal(answers.filter((answer) => answer === 504).length, 10);
});

test('where it is off nothing is refused and nothing told', async () => {
  const { mesh, told } = await aMesh(policed({ expired: 'off', refuse: 1 }));
  assert.equal(await mesh.receive(aRequest(LATE).arrival), 'served');
  assert.deepEqual(told('refused'), []);
});

test("Finagle's deadline is by the clock of who wrote it, and the least time counts", async () => {
  const { mesh, env } = await aMesh(policed({ refuse: 1 }));
  const at = (ms: number) => `1 ${BigInt(Math.round(env.clock.epoch() + ms)) * 1_000_000n}`;
  const name = 'finagle-ctx-com.twitter.finagle.deadline';
  const left = (headers: Record<string, string>) =>
    mesh.receive(aRequest(headers, ({ timeLeftMs }) => Math.round(timeLeftMs)).arrival);
  assert.equal(await left({ [name]: at(250) }), 250);
  assert.equal(await left({ [name]: at(250), 'x-envoy-expected-rq-timeout-ms': '100' }), 100);
  assert.equal(await left({ [name]: at(50), 'x-envoy-expected-rq-timeout-ms': '100' }), 50);
  assert.equal(await left({ [name]: at(-1) }), 504);
  assert.equal(await left({ [name]: 'tomorrow' }), Number.POSITIVE_INFINITY);
});

test('the deadline is told as a moment and as what is left', async () => {
  const { mesh, env } = await aMesh();
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun = env.clock.epoch();
  const { arrival } = aRequest({ 'grpc-timeout': '100m' }, async (context) => {
    await promise;
    return [context.deadline! - begun, context.timeLeftMs, context.signal.aborted];
  });
  const answer = mesh.receive(arrival);
  await env.clock.advance(60);
  resolve();
  assert.deepEqual(await answer, [100, 40, false]);
  assert.equal(env.clock.pending, 0);
});

test('the signal aborts at the deadline, and no timer outlives the request', async () => {
  const { mesh, env } = await aMesh();
  const { arrival } = aRequest(
    { 'grpc-timeout': '100m' },
    ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason.code))),
  );
  const answer = mesh.receive(arrival);
  await env.clock.advance(99);
  await env.clock.advance(1);
  assert.equal(await answer, 'DEADLINE_EXCEEDED');
  assert.equal(env.clock.pending, 0);
});

test('the signal aborts when the caller hangs up, also where nobody had asked for it before', async () => {
  const { mesh } = await aMesh();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { arrival, hangUp } = aRequest({}, async (context) => {
    await promise;
    return context.signal.reason?.code;
  });
  const answer = mesh.receive(arrival);
  hangUp();
  resolve();
  assert.equal(await answer, 'CANCELLED');
});

test('what the handler throws is not taken for a refusal', async () => {
  const { mesh } = await aMesh();
  const thrown = new Error('mine');
  const { arrival } = aRequest({}, () => {
    throw thrown;
  });
  await assert.rejects(mesh.receive(arrival), (error) => error === thrown);
});

test('filters of a user stand on the way in by name, and what they throw is answered', async () => {
  const seen: string[] = [];
  const { mesh } = await aMesh({
    stacks: {
      inbound: (stack) =>
        stack.after('trace', {
          name: 'mine',
          filter: (next) => (arrival, context) => {
            seen.push(arrival.path);
            if (arrival.method === 'GET') throw new Error('no');
            return next(arrival, context);
          },
        }),
    },
  });
  assert.equal(await mesh.receive(aRequest({}).arrival), 500);
  assert.deepEqual(seen, ['/orders/7?x=1']);
});

test('outside of a request there is no context', async () => {
  const { mesh } = await aMesh();
  assert.equal(mesh.context, undefined);
  assert.equal(await mesh.receive(aRequest({}, (context) => mesh.context === context).arrival), true);
  assert.equal(mesh.context, undefined);
});

/** Requests that are being served until each is told to end. */
function requests(mesh: Mesh) {
  const ends: (() => void)[] = [];
  const ask = (): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    ends.push(() => resolve('served'));
    return mesh.receive(aRequest({}, () => promise).arrival);
  };
  return { ask, ends };
}

const limited = (mode: string): Partial<MeshOptions> =>
  ({ policy: { defaults: { shed: { mode, limit: 2 } } } }) as MeshOptions;

test('as many requests are served at the same time as the limit says, and the others refused at once', async () => {
  const { mesh, told } = await aMesh(limited('enforce'));
  const { ask, ends } = requests(mesh);
  const served = [ask(), ask()];
  assert.equal(await ask(), 503);
  assert.deepEqual(
    told('refused').map(({ service, reason, enforced }) => [service, reason, enforced]),
    [['checkout', 'shed', true]],
  );
  ends[0]!();
  await served[0];
  served.push(ask());
  assert.equal(await ask(), 503);
  assert.match(mesh.explain('checkout'), /^ {4}shed: 2 requests served of 2 at most, 0 waiting$/m);
  assert.deepEqual(mesh.snapshot().shed, { mode: 'enforce', serving: 2, waiting: 0, limit: 2, utilization: null });
  for (const end of ends) end();
  assert.deepEqual(await Promise.all(served), ['served', 'served', 'served']);
});

test('a request that fails makes room as well', async () => {
  const { mesh } = await aMesh(limited('enforce'));
  const failing = () =>
    mesh.receive(
      aRequest({}, () => {
        throw new Error('mine');
      }).arrival,
    );
  for (let request = 0; request < 5; request++) await assert.rejects(failing(), /mine/);
  assert.equal(await mesh.receive(aRequest({}).arrival), 'served');
});

test('where the limit is only observed, what it would have refused is told and served', async () => {
  const { mesh, told } = await aMesh(limited('observe'));
  const { ask, ends } = requests(mesh);
  const served = [ask(), ask(), ask()];
  assert.deepEqual(
    told('refused').map(({ enforced }) => enforced),
    [false],
  );
  for (const end of ends) end();
  assert.deepEqual(await Promise.all(served), ['served', 'served', 'served']);
});

test('a request that is refused says so by problem details, a time and a nack', async () => {
  const { mesh } = await aMesh({ policy: { defaults: { shed: { mode: 'enforce', limit: 0 } } } });
  const { arrival } = aRequest({});
  const refused = (await mesh.receive({ ...arrival, refuse: (problem) => problem })) as Problem;
  assert.deepEqual(refused.headers, {
    'content-type': 'application/problem+json',
    'retry-after': '1',
    'finagle-http-nack': 'true',
  });
  assert.equal(JSON.parse(refused.body).detail, 'Too many requests are being served.');
});

test('what comes in baggage is known while it is served, and goes along with the calls made meanwhile', async () => {
  const { mesh } = await aMesh();
  const inside = await mesh.receive(
    aRequest({ baggage: 'user.id=7,inmesh.priority=critical' }, async ({ priority, principal }) => {
      const { baggage } = await mesh.call('orders', ({ headers }) => headers);
      return { priority, baggage, by: principal.by };
    }).arrival,
  );
  assert.deepEqual(inside, { priority: 'critical', baggage: 'user.id=7,inmesh.priority=critical', by: 'nothing' });
});
