import assert from 'node:assert/strict';
import type { CallOptions } from '../../src/core/call.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import { ANONYMOUS } from '../../src/core/principal.ts';
import type { Stacks } from '../../src/mesh/cluster.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicyDocument } from '../../src/policy/table.ts';
import { FakeRegistry, testEnv } from '../../src/testing.ts';
import { anArrival } from './arrival.ts';

/** Proves who sends a request by a header that says it; good enough for a town where all are honest. */
const HONEST: Stacks = {
  inbound: (stack) =>
    stack.before('quota', {
      name: 'honest',
      filter: (next) => (arrival, context) => {
        const name = (arrival.headers as Record<string, string>)['x-who'] ?? '';
        context.history.principal = { ...ANONYMOUS, name };
        return next(arrival, context);
      },
    }),
};

/** One attempt that a client was asked for. */
interface Seen {
  readonly to: string;
  readonly headers: Record<string, string>;
  readonly timeoutMs: number;
}

/** A mesh of `self` that knows `orders`, whose second endpoint is of another version, `orders-canary`, and `checkout`. */
export function aTown(document: PolicyDocument, self = 'checkout') {
  const env = testEnv();
  const registry = new FakeRegistry()
    .set('orders', ['http://v1:1', endpoint('http://v2:1', { metadata: { version: 'v2' } })])
    .set('orders-canary', ['http://canary:1'])
    .set('checkout', ['http://checkout:1']);
  const mesh = new Mesh(self, env, registry.client(), new PolicySet(document), HONEST);
  const seen: Seen[] = [];
  /** Calls a service; gives the host that the call went to. */
  const call = (options?: CallOptions, service = 'orders'): Promise<string> =>
    mesh.call(
      service,
      ({ url, headers, timeoutMs }) => {
        seen.push({ to: url, headers, timeoutMs });
        return new URL(url).hostname;
      },
      options,
    );
  /** Does `work` while a request is served that had these headers; `x-who` is who sent it. */
  const serving = (headers: Record<string, string>, work: () => Promise<string> = call): Promise<string> => {
    return mesh.receive(anArrival({ headers, serve: () => work() })) as Promise<string>;
  };
  const told = (): unknown[] =>
    env.told.flatMap((event) => (event.type === 'route' ? [[event.why, event.to, event.rule]] : []));
  const end = async (): Promise<void> => {
    await mesh.close();
    assert.equal(env.clock.pending, 0);
    assert.equal(registry.open, 0);
  };
  return { env, mesh, seen, call, serving, told, end };
}
