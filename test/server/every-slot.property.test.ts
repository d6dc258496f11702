import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inboundStack } from '../../src/mesh/inbound.ts';
import { makeInboundParts } from '../../src/mesh/inbound-parts.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { FakeRegistry, seeded, testEnv } from '../../src/testing.ts';
import { identityOf, inbound, mixed, type Proofs } from '../filters/every-slot.ts';
import { anArrival } from '../support/arrival.ts';
import { fc } from '../support/fast-check.ts';

const proofs = fc.constantFrom('at once' as const, 'late' as const);

/** What comes: when, with what it says of itself, what becomes of it here, and whether the caller stays. */
const requests = fc.record({
  at: fc.nat({ max: 600 }),
  hangUpAfter: fc.option(fc.nat({ max: 400 }), { nil: undefined }),
  method: fc.constantFrom('GET', 'GET', 'POST'),
  path: fc.constantFrom('/orders/7', '/orders/7?x=1', '/livez', '/readyz'),
  timeLeft: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
  who: fc.constantFrom(undefined, 'ada', 'bad'),
  priority: fc.constantFrom('critical', 'default', 'sheddable'),
  handler: fc.record({ does: fc.constantFrom('answers', 'answers', 'throws', 'never'), ms: fc.nat({ max: 200 }) }),
});
type Request = typeof requests extends fc.Arbitrary<infer T> ? T : never;

interface End {
  readonly latest: number;
  times: number;
  at: number;
  answers: number;
}

/** A mesh of `orders` that serves, in a world where time stands still. */
function serving(policy: PolicySections, seed: number, how: Proofs) {
  const plain = testEnv({ random: seeded(seed) });
  const env = { ...plain, identity: identityOf(plain.clock, () => how) };
  const registry = new FakeRegistry();
  const mesh = new Mesh('orders', env, registry.client(), new PolicySet({ defaults: policy }), {});
  return { env, mesh, registry };
}

/** Lets one come in at its time, and notes how often and when it ends. */
function come({ env, mesh }: ReturnType<typeof serving>, request: Request, ends: End[]): void {
  const { clock } = env;
  const { at, hangUpAfter, timeLeft, who, priority, method, path, handler } = request;
  clock.schedule(at, () => {
    const latest = at + Math.min(hangUpAfter ?? Infinity, timeLeft || Infinity); // who is let in late has no deadline
    const end: End = { latest, times: 0, at: -1, answers: 0 };
    ends.push(end);
    const headers = {
      baggage: `inmesh.priority=${priority}`,
      ...(timeLeft !== undefined && { 'grpc-timeout': `${timeLeft}m` }),
      ...(who !== undefined && { authorization: who }),
    };
    const over = (): void => {
      end.times++;
      end.at = clock.now();
    };
    const arrival = anArrival({
      method,
      path,
      headers,
      onHangUp: (tell) => hangUpAfter !== undefined && void clock.schedule(hangUpAfter, tell),
      serve: ({ signal }) =>
        new Promise((resolve, reject) => {
          if (signal.aborted) return reject(signal.reason); // as handlers do that heed it
          signal.addEventListener('abort', () => reject(signal.reason));
          if (handler.does === 'never') return;
          const settle = () => (handler.does === 'throws' ? reject(new Error('slip')) : resolve('served'));
          clock.schedule(handler.ms, settle);
        }).finally(() => end.answers++),
      refuse: ({ status }) => {
        end.answers++;
        return status;
      },
      remark: () => {},
      hide: () => {},
    });
    mesh.receive(arrival).then(over, over);
  });
}

test('every slot of the way in has something to be told here; whoever adds one says what', () => {
  const { names } = inboundStack(makeInboundParts(testEnv()));
  assert.deepEqual(Object.keys(inbound), names);
});

test('whichever slots are on, each request ends once and is answered once, at any hang-up, and leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(
      mixed(inbound),
      fc.array(requests, { minLength: 1, maxLength: 12 }),
      proofs,
      fc.integer(),
      async (policy, made, how, seed) => {
        const world = serving(policy, seed, how);
        const { clock, timeouts } = world.env;
        const ends: End[] = [];
        for (const request of made) come(world, request, ends);
        await clock.advance(2_000);
        await clock.advance(500); // who waits for a turn of the real event loop, if that is busy, may begin only now
        // A handler that never answers, asked by who waits for ever, is the only one that may be left.
        const patient = (request: Request) =>
          request.handler.does === 'never' && request.hangUpAfter === undefined && !request.timeLeft;
        const order = made.toSorted((a, b) => a.at - b.at);
        for (const [place, { times, answers, at, latest }] of ends.entries()) {
          if (times === 0) {
            assert.ok(patient(order[place]!), JSON.stringify(order[place]));
            continue;
          }
          assert.equal(times, 1);
          assert.ok(answers <= 1, `answered ${answers} times`);
          assert.ok(at <= latest + 25, `over at ${at}, not by ${latest}`); // who it is may be found 20 ms later
        }
        const left = ends.filter(({ times }) => times === 0).length;
        const { mode, serving: served, waiting } = world.mesh.snapshot().shed;
        assert.deepEqual([served, waiting], [mode === 'off' ? 0 : served, 0]);
        assert.ok(served <= left, `${served} are counted as being served, ${left} are`);
        await Promise.all([world.mesh.close({ drainMs: 0, timeoutMs: 1_000 }), clock.advance(5_000)]);
        assert.deepEqual([clock.scheduled, timeouts.waiting, world.registry.open], [0, 0, 0]);
      },
    ),
    { numRuns: 200 },
  );
});
