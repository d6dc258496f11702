import { type Context, History } from '../core/context.ts';
import { Scope } from '../core/scope.ts';
import { PolicySet } from '../policy/policy.ts';
import type { PolicySections } from '../policy/table.ts';

/** What a test may say about the context it wants; the policy is written as in a policy document. */
export type ContextOptions = Partial<Omit<Context, 'policy'>> & {
  /** Its settings; the defaults unless told. */
  readonly policy?: PolicySections;
};

/** No policy at all; frozen, so that all may have the same settings of it, and none makes them anew. */
const DEFAULTS = new PolicySet();

/**
 * The context of a call to `orders` that has just begun, with what the test wants to be different.
 * @param options That.
 */
export function aContext({ policy, ...more }: ContextOptions = {}): Context {
  const service = more.service ?? 'orders';
  return {
    service,
    policy: (policy === undefined ? DEFAULTS : new PolicySet({ defaults: policy })).for(service),
    route: undefined,
    key: undefined,
    idempotent: false,
    replayable: true,
    scope: new Scope(),
    begunAt: 0,
    attempt: 1,
    flight: undefined,
    classify: undefined,
    history: new History(),
    ...more,
  };
}
