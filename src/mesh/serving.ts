import type { Env } from '../core/env.ts';
import { messageOf } from '../core/message-of.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { QuotaFacts } from '../quota/meters.ts';
import { sayQuota } from '../quota/quotas.ts';
import type { Arrival } from '../server/arrival.ts';
import { authorize } from '../server/authorize.ts';
import { type Guard, type GuardOptions, makeGuard } from '../server/guard.ts';
import type { Receiver } from '../server/handler.ts';
import { quota } from '../server/quota.ts';
import type { RequestContext } from '../server/request-context.ts';
import { type SheddingFacts, sayShedding } from '../server/shedding.ts';
import { WayIn } from '../server/way-in.ts';
import type { AmbientContext } from './ambient.ts';
import { Authorizing } from './authorizing.ts';
import type { Stacks } from './cluster.ts';
import { inboundStack } from './inbound.ts';
import { type InboundNeeds, type InboundParts, makeInboundParts } from './inbound-parts.ts';

/** The mesh from the side of those who call us. */
export class Serving implements Receiver {
  readonly #service: string;
  readonly #env: Env;
  readonly #ambient: AmbientContext;
  readonly #way: WayIn;
  readonly #parts: InboundParts;
  readonly #policies: () => PolicySet;
  /** The rules that guard this service. */
  readonly authorize: Authorizing;

  constructor(
    { service, env, ambient }: { service: string; env: Env; ambient: AmbientContext },
    stacks: Stacks,
    policies: () => PolicySet,
    needs: InboundNeeds,
  ) {
    this.#service = service;
    this.#env = env;
    this.#ambient = ambient;
    const parts = makeInboundParts(env, needs);
    this.#parts = parts;
    this.#policies = policies;
    const stack = inboundStack(parts);
    this.authorize = new Authorizing(service, policies, parts.authority);
    this.#way = new WayIn(
      { service, env, policies, enter: (context, request, work) => ambient.serve(context, request, work) },
      stacks.inbound?.(stack) ?? stack,
    );
  }

  get current(): RequestContext | undefined {
    return this.#ambient.current?.request;
  }

  /** How the quotas of requests to us stand, and how many are served. */
  get facts(): { readonly quotas: QuotaFacts[]; readonly shed: SheddingFacts } {
    const { quotas, shedding } = this.#parts;
    const policy = this.#policies().for(this.#service);
    return { quotas: quotas.facts(policy), shed: shedding.facts(policy.shed) };
  }

  /** The same, in sentences. */
  get lines(): string[] {
    const { quotas, shed } = this.facts;
    return [...quotas.map((quota) => sayQuota('requests', quota)), ...sayShedding(shed)].map((line) => `    ${line}`);
  }

  /** What guards one handler, by rules of its own. */
  guard(options: GuardOptions): Guard {
    const { env, authority, quotas } = this.#parts;
    return makeGuard((handler) => [authorize(env, authority), quota(quotas, handler)], options);
  }

  receive(arrival: Arrival): Promise<unknown> {
    return this.#way.receive(arrival);
  }

  fault(error: unknown, request?: RequestContext): void {
    const { route = '' } = request ?? {};
    const { clock, events } = this.#env;
    const problem = (error instanceof Error && error.stack) || messageOf(error);
    events.emit({ at: clock.epoch(), service: this.#service, type: 'fault', route, problem });
  }
}
