import { keyOf } from '../balancer/key.ts';
import { type Call, type CallOptions, NO_HEADERS, type Send } from '../core/call.ts';
import { type Context, History } from '../core/context.ts';
import { MeshError } from '../core/errors.ts';
import { isIdempotent } from '../core/idempotent.ts';
import { ANONYMOUS } from '../core/principal.ts';
import { PRIORITIES, type Priority } from '../core/priority.ts';
import { Scope } from '../core/scope.ts';
import type { PolicySet } from '../policy/policy.ts';
import { readField, show } from '../policy/read.ts';
import { type Policy, table } from '../policy/table.ts';
import type { Ambient } from './ambient.ts';
import type { Cluster } from './cluster.ts';

const NO_OPTIONS: CallOptions = Object.freeze({});

/** The request of a call, as filters see it. */
export function makeCall<Res>(send: Send<Res>, options: CallOptions = NO_OPTIONS): Call<Res> {
  const { method, path, headers = NO_HEADERS, request, fallback } = options;
  return { send, method, path, headers, request: request as Call<Res>['request'], fallback };
}

/** What is known of a call when it begins: its settings are pinned here. */
export function makeContext(
  cluster: Pick<Cluster, 'service' | 'policy'>,
  policies: PolicySet,
  ambient: Ambient | undefined,
  now: number,
  options: CallOptions = NO_OPTIONS,
): Context {
  const { service } = cluster;
  const { method, path } = options;
  const named =
    options.route === undefined && method !== undefined && path !== undefined && policies.hasRoutes(service);
  const route = named ? policies.routeOf(service, method, path) : options.route;
  const usual = cluster.policy(policies);
  const policy = route === undefined ? usual : policies.for(service, route);
  const priority = options.priority ?? ambient?.priority;
  const history = new History(ambient?.trace, priority, ambient?.baggage, ambient?.requestId);
  if (ambient !== undefined) {
    history.serving = ambient.request;
    history.principal = ambient.request?.principal ?? ANONYMOUS;
  }
  return {
    service,
    policy: options.timeout === undefined && options.strategy === undefined ? policy : withOwn(policy, options),
    route,
    key: options.key ?? keyOf(policy.hash.key, options),
    idempotent: options.idempotent ?? isIdempotent(method, options.headers),
    replayable: options.replayable ?? true,
    scope: new Scope(ambient?.deadline),
    begunAt: now,
    attempt: 1,
    flight: undefined,
    classify: options.classify,
    history,
  };
}

const OWN = 64; // for each policy; what calls say beyond is read and put together anew each time

const owned = new WeakMap<Policy, Map<string, Policy>>();

/** The policy with what the call says of itself. Few different things are said, and what follows knows policies again. */
function withOwn(policy: Policy, { timeout, strategy: mode }: CallOptions): Policy {
  let known = owned.get(policy);
  if (known === undefined) {
    known = new Map();
    owned.set(policy, known);
  }
  const said = mode === undefined ? timeout! : `${timeout} ${mode}`;
  const kept = known.get(said);
  if (kept !== undefined) return kept;
  const { deadline, strategy } = policy;
  const own = {
    ...policy,
    deadline: timeout === undefined ? deadline : { ...deadline, timeout: readTimeout(timeout) },
    strategy: mode === undefined ? strategy : { ...strategy, mode },
  };
  if (known.size < OWN) known.set(said, own);
  return own;
}

/** What may be said of one call is what the policy may say of all. */
function readTimeout(timeout: string): number {
  try {
    return readField(table.deadline.fields.timeout, timeout, 'timeout');
  } catch (error) {
    throw new MeshError('request', (error as Error).message);
  }
}

/** What a caller's abort comes to: our error, with the signal's reason as its cause. */
export function calledOff({ service, history }: Context, signal: AbortSignal): MeshError {
  const sent = history.attempts === 0 ? 'no' : 'maybe';
  const facts = { sent, service, attempts: history.reports, cause: signal.reason } as const;
  return new MeshError('caller', `${service}: called off by the caller`, facts);
}

const STRATEGIES = table.strategy.fields.mode.json.enum as readonly unknown[];

const CHECKS: Readonly<Record<keyof CallOptions, (value: unknown) => boolean>> = {
  idempotent: (value) => typeof value === 'boolean',
  replayable: (value) => typeof value === 'boolean',
  signal: (value) => value instanceof AbortSignal,
  timeout: (value) => typeof value === 'string',
  route: (value) => typeof value === 'string',
  key: (value) => typeof value === 'string',
  priority: (value) => PRIORITIES.includes(value as Priority),
  method: (value) => typeof value === 'string',
  path: (value) => typeof value === 'string',
  headers: (value) => typeof value === 'object' && value !== null && !(Symbol.iterator in value), // no `Headers`: by name
  request: (value) => typeof value === 'object' && value !== null,
  fallback: (value) => typeof value === 'function',
  strategy: (value) => STRATEGIES.includes(value),
  classify: (value) => typeof value === 'function',
};

/** @throws MeshError INVALID_ARGUMENT for an option that there is not, or one of the wrong kind. */
export function checkCall(send: unknown, options: unknown): void {
  if (typeof send !== 'function') throw new MeshError('request', `send must be a function, got ${typeof send}`);
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) {
    throw new MeshError('request', `the options of a call must be an object, got ${show(options)}`);
  }
  for (const key in options) {
    const value = (options as Record<string, unknown>)[key];
    const check = CHECKS[key as keyof CallOptions];
    if (check === undefined) {
      throw new MeshError('request', `a call has no option '${key}'; there are ${Object.keys(CHECKS).join(', ')}`);
    }
    if (value !== undefined && !check(value))
      throw new MeshError('request', `${key} is of the wrong kind: ${typeof value}`);
  }
}
