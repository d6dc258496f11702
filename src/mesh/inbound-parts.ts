import type { Env } from '../core/env.ts';
import { Authority } from '../server/authorize.ts';
import type { Check } from '../server/authorizer.ts';
import type { Readiness } from '../server/health.ts';

/**
 * What the filters of the way in keep between requests: one part for each mechanism that remembers. They live as long
 * as the mesh, whatever the policy does meanwhile.
 */
export interface InboundParts {
  readonly env: Env;
  readonly authority: Authority;
  readonly readiness: () => Readiness;
}

/** What the way in needs of the mesh that it leads to. */
export interface InboundNeeds {
  readonly readiness?: () => Readiness;
  readonly check?: Check;
}

/** Makes the parts of one mesh; what it does not give is off, and a check says no. */
export const makeInboundParts = (env: Env, needs: InboundNeeds = {}): InboundParts => ({
  env,
  authority: new Authority(needs.check ?? (() => Promise.resolve(false))),
  readiness: needs.readiness ?? (() => 'off'),
});
