import type { Env } from '../core/env.ts';
import { ALONE, type Siblings } from '../core/siblings.ts';
import { Authority } from '../server/authorize.ts';
import type { Check } from '../server/authorizer.ts';
import { type EventLoop, MeasuredEventLoop } from '../server/event-loop.ts';
import type { Readiness } from '../server/health.ts';
import { RequestQuotas } from '../server/request-quotas.ts';
import { Shedding } from '../server/shedding.ts';

/**
 * What the filters of the way in keep between requests: one part for each mechanism that remembers. They live as long
 * as the mesh, whatever the policy does meanwhile.
 */
export interface InboundParts {
  readonly env: Env;
  readonly authority: Authority;
  readonly readiness: () => Readiness;
  readonly quotas: RequestQuotas;
  readonly shedding: Shedding;
  readonly loop: EventLoop;
}

/** What the way in needs of the mesh that it leads to. */
export interface InboundNeeds {
  readonly readiness?: () => Readiness;
  readonly check?: Check;
  /** The instances of our own service; nobody else unless told. */
  readonly siblings?: Siblings;
  /** How busy the event loop is; measured unless told. */
  readonly loop?: EventLoop;
}

/** Makes the parts of one mesh; what it does not give is off, and a check says no. */
export const makeInboundParts = (env: Env, needs: InboundNeeds = {}): InboundParts => {
  const loop = needs.loop ?? new MeasuredEventLoop();
  return {
    env,
    authority: new Authority(needs.check ?? (() => Promise.resolve(false))),
    readiness: needs.readiness ?? (() => 'off'),
    quotas: new RequestQuotas(env, needs.siblings ?? ALONE),
    shedding: new Shedding(env, loop),
    loop,
  };
};
