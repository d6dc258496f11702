import assert from 'node:assert/strict';
import type { Attempt, CallOptions, Send } from '../../src/core/call.ts';
import type { Env } from '../../src/core/env.ts';
import type { Random } from '../../src/core/random.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, FakeRegistry, fixed, type TestEnv, testEnv } from '../../src/testing.ts';

/** One attempt that a `send` was asked for. */
export interface Seen {
  readonly at: number;
  readonly attempt: Attempt;
}

/** What became of a call, and when. */
export interface Came {
  readonly at: number;
  readonly value?: unknown;
  readonly error?: Error & Record<string, unknown>;
}

/** A mesh that calls `orders` in a world where time stands still and chance says always the same. */
export interface World {
  readonly env: TestEnv;
  readonly mesh: Mesh;
  readonly registry: FakeRegistry;
  /** Every attempt so far. */
  readonly seen: readonly Seen[];
  /** Calls `orders` with `send`, and notes each attempt. */
  call(send: Send<unknown>, options?: CallOptions): Promise<unknown>;
  /** Calls, moves time on until all is over, closes the mesh, and checks that nothing is left behind. */
  outcome(send: Send<unknown>, options?: CallOptions, ms?: number): Promise<Came>;
  /** Moves time on and closes; nothing may be left behind. */
  end(ms?: number): Promise<void>;
}

export function aWorld({
  policy = {},
  random = fixed(0.5),
  endpoints = ['http://a:1', 'http://b:1', 'http://c:1'],
  more = () => ({}),
}: {
  readonly policy?: PolicySections;
  readonly random?: Random;
  readonly endpoints?: readonly string[];
  /** What else the world has: who proves us, what checks endpoints. */
  readonly more?: (clock: TestEnv['clock']) => Partial<Env>;
} = {}): World {
  const plain = testEnv({ random });
  const env: TestEnv = { ...plain, ...more(plain.clock), clock: plain.clock };
  const registry = new FakeRegistry().set('orders', endpoints);
  const mesh = new Mesh('checkout', env, registry.client(), new PolicySet({ defaults: policy }), {});
  const seen: Seen[] = [];
  const call = (send: Send<unknown>, options?: CallOptions) =>
    mesh.call(
      'orders',
      (attempt) => {
        seen.push({ at: env.clock.now(), attempt });
        return send(attempt);
      },
      options,
    );
  const end = async (ms = 120_000) => {
    await env.clock.advance(ms);
    await mesh.close();
    assert.equal(env.clock.scheduled, 0, 'no timer is left behind');
    assert.equal(env.timeouts.waiting, 0, 'no timeout is left behind');
    assert.equal(registry.open, 0, 'no resolution is left open');
  };
  const outcome = async (send: Send<unknown>, options?: CallOptions, ms?: number) => {
    let came: Came | undefined;
    call(send, options).then(
      (value) => {
        came = { at: env.clock.now(), value };
      },
      (error) => {
        came = { at: env.clock.now(), error };
      },
    );
    await end(ms);
    assert.ok(came !== undefined, 'the call came to an end');
    return came;
  };
  return { env, mesh, registry, seen, call, outcome, end };
}

/** Gives what each attempt says, in turn, and the last one for ever. */
export const inTurn = (...answers: readonly (() => unknown)[]): Send<unknown> => {
  let turn = 0;
  return () => answers[Math.min(turn++, answers.length - 1)]!();
};

export const fail = (error: unknown) => () => Promise.reject(error);
export const give = (value: unknown) => () => Promise.resolve(value);
/** Never answers, and listens to no signal. */
export const hang = () => new Promise<never>(() => {});

/** Answers after so long, and stops when it is told to. */
export const later =
  (world: () => World, ms: number, value: unknown = answer(200)): Send<unknown> =>
  ({ signal }: Attempt) =>
    new Promise((resolve, reject) => {
      const { clock } = world().env;
      const timer = clock.schedule(ms, () => (value instanceof Error ? reject(value) : resolve(value)));
      signal.addEventListener('abort', () => {
        timer.cancel();
        reject(signal.reason);
      });
    });
