import { type Context, copy } from '../core/context.ts';
import { MeshError } from '../core/errors.ts';
import { ask, type Filter, type Service } from '../core/service.ts';
import { readField, show } from '../policy/read.ts';
import { type Policy, type PolicySections, table } from '../policy/table.ts';
import type { Arrival } from './arrival.ts';
import { refusalOf } from './problem.ts';
import { RequestContext } from './request-context.ts';

type RuleOf<Section extends 'authorize' | 'quota', Field extends string> =
  NonNullable<PolicySections[Section]> extends { readonly [F in Field]?: readonly (infer Rule)[] } ? Rule : never;

/** One rule, or several. */
type OneOrMore<T> = T | readonly T[];

/** What guards one handler, besides what the policy says of the whole service. */
export interface GuardOptions {
  /** Who may come: rules as in `authorize.rules` of the policy, enforced. */
  readonly authorize?: OneOrMore<RuleOf<'authorize', 'rules'>> | undefined;
  /** How much may be asked of it: rules as in `quota.requests` of the policy. They count for this handler alone. */
  readonly quota?: OneOrMore<RuleOf<'quota', 'requests'>> | undefined;
}

/** Lets a request go on to `serve`, or answers it. */
export type Guard = (arrival: Arrival, request: RequestContext, serve: () => unknown) => void;

let guards = 0;

/**
 * Makes what guards one handler, of the filters that guard the service, which are told what the handler is called.
 * @throws MeshError INVALID_ARGUMENT for a rule that is not usable; it names the path.
 */
export function makeGuard(
  filters: (handler: string) => readonly Filter<Arrival, unknown>[],
  options: GuardOptions,
): Guard {
  const name = `handler ${++guards}`;
  const rules = readGuard(options, name);
  const admitted: Service<Arrival, unknown> = () => ADMITTED;
  const way = filters(name).reduceRight((next, filter) => filter(next), admitted);
  const policies = new WeakMap<Policy, Policy>();
  const policyOf = (policy: Policy): Policy => {
    let own = policies.get(policy);
    if (own === undefined) {
      own = { ...policy, ...rules };
      policies.set(policy, own);
    }
    return own;
  };
  return (arrival, request, serve) => {
    const context: ReturnType<typeof copy> = copy(RequestContext.contextOf(request));
    context.policy = policyOf(context.policy);
    const { scope } = context;
    const go = (): unknown => (scope.cancelled ? arrival.refuse(refusalOf(scope.reason)) : serve());
    ask(way, arrival, context as Context)
      .then(go, (error) => arrival.refuse(refusalOf(error)))
      .then(undefined, (error) => arrival.failed?.(error)); // nobody waits for it
  };
}

const ADMITTED = Promise.resolve();

function readGuard(options: unknown, name: string): Pick<Policy, 'authorize' | 'quota'> {
  if (typeof options !== 'object' || options === null) {
    throw new MeshError('request', `handler: the options must be an object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== 'authorize' && key !== 'quota') {
      throw new MeshError('request', `handler: no such option '${key}'; there are authorize, quota`);
    }
  }
  const { authorize = [], quota = [] } = options as GuardOptions;
  const [who, much] = [[authorize].flat(), [quota].flat().map((rule, at) => ({ name: `${name} ${at}`, ...rule }))];
  const { authorize: auth, quota: rate } = table;
  try {
    return {
      authorize: {
        ...defaultsOf('authorize'),
        mode: who.length > 0 ? 'enforce' : 'off',
        rules: readField(auth.fields.rules, who, 'handler.authorize'),
      },
      quota: { ...defaultsOf('quota'), requests: readField(rate.fields.requests, much, 'handler.quota') },
    };
  } catch (error) {
    throw new MeshError('policy', (error as Error).message);
  }
}

function defaultsOf<Name extends 'authorize' | 'quota'>(name: Name): Policy[Name] {
  const fields = Object.entries(table[name].fields);
  return Object.fromEntries(
    fields.map(([key, field]) => [key, readField<unknown>(field, field.default, `${name}.${key}`)]),
  ) as unknown as Policy[Name];
}
