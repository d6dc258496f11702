import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Send } from '../../src/core/call.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import { type Answer, answer, FakeRegistry, seeded, simulate, type TestEnv, testEnv } from '../../src/testing.ts';
import { SEEDS, ten } from './figures.ts';

const POLICY: PolicySections = { retry: { perSecond: 0 }, outlier: { failures: 0 } };

/** A chain of services, each of which calls the next for whatever it is asked; the last one always fails. */
class Chain {
  readonly env: TestEnv;
  readonly #meshes: readonly Mesh[];
  readonly #policy: PolicySections;
  readonly #obeys: boolean;
  /** Requests that reached the last one. */
  atLeaf = 0;

  constructor(hops: number, seed: number, policy: PolicySections, obeys = true) {
    this.env = testEnv({ random: seeded(seed) });
    this.#policy = policy;
    this.#obeys = obeys;
    this.#meshes = Array.from({ length: hops }, (_, at) => this.#mesh(at));
  }

  #mesh(at: number): Mesh {
    const next = `s${at + 1}`;
    const registry = new FakeRegistry().set(
      next,
      [1, 2, 3].map((each) => `http://${next}-${each}:1`),
    );
    return new Mesh(`s${at}`, this.env, registry.client(), new PolicySet({ defaults: this.#policy }), {});
  }

  /** Calls the service after the one that stands there. */
  call(at: number): Promise<Answer> {
    const send: Send<Answer> = () => this.#serve(at + 1);
    return this.#meshes[at]!.call(`s${at + 1}`, send, { method: 'GET' });
  }

  async #serve(at: number): Promise<Answer> {
    if (at === this.#meshes.length) {
      this.atLeaf++;
      return answer(503);
    }
    const marks: Record<string, string> = {};
    let given: Answer = answer(500);
    const arrival: Arrival = {
      method: 'GET',
      path: '/',
      template: undefined,
      headers: {},
      request: {},
      onHangUp: () => {},
      remark: (name, value) => {
        marks[name] = value;
      },
      serve: async () => {
        const { statusCode } = await this.call(at);
        given = answer(statusCode, this.#obeys ? marks : {});
      },
      refuse: ({ status }) => {
        given = answer(status);
      },
    };
    await this.#meshes[at]!.receive(arrival);
    return given;
  }

  async close(): Promise<void> {
    for (const mesh of this.#meshes) await mesh.close();
  }
}

async function leafLoad(hops: number, seed: number, policy: PolicySections, obeys?: boolean): Promise<number> {
  const chain = new Chain(hops, seed, policy, obeys);
  const calls = 2_000;
  for (let call = 0; call < calls; call++) chain.env.clock.schedule(call * 10, () => void chain.call(0));
  await chain.env.clock.run(60_000);
  await chain.close();
  assert.equal(chain.env.clock.pending, 0);
  return chain.atLeaf / calls;
}

for (const seed of SEEDS) {
  for (const hops of [1, 2, 3, 4]) {
    test(`over ${hops} hops that all fail, the last one gets 1.2 times what was asked at most (seed ${seed})`, async () => {
      const load = await leafLoad(hops, seed, POLICY);
      assert.ok(load > 1.1 && load <= 1.2, `${load} times`);
    });
  }

  test(`without the mark, retries would multiply over three hops (seed ${seed})`, async () => {
    const load = await leafLoad(3, seed, POLICY, false);
    assert.ok(load > 1.5, `${load} times`);
  });

  test(`where everything refuses, a call makes 3 attempts at most, and all together 1.2 for each and the floor (seed ${seed})`, async () => {
    const seconds = 10;
    const simulation = await simulate({ servers: ten({ is: 'refusing' }, { is: 'refusing' }), seed, seconds });
    const floor = seconds + 10; // one a second, and what was saved before
    assert.equal(simulation.mostAttempts, 3);
    assert.ok(simulation.attempts <= 1.2 * simulation.calls + floor, `${simulation.attempts} for ${simulation.calls}`);
  });
}
