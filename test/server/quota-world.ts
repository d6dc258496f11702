import { ANONYMOUS, type Principal } from '../../src/core/principal.ts';
import type { QuotaStore } from '../../src/core/quota-store.ts';
import { ALONE, type Siblings } from '../../src/core/siblings.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import { type Problem, refusalOf } from '../../src/server/problem.ts';
import { quota } from '../../src/server/quota.ts';
import { RequestQuotas } from '../../src/server/request-quotas.ts';
import { aContext, testEnv } from '../../src/testing.ts';
import { anArrival } from '../support/arrival.ts';

export type Requests = NonNullable<NonNullable<PolicySections['quota']>['requests']>;

export interface Asks {
  readonly principal?: string;
  readonly claims?: Record<string, unknown>;
  readonly address?: string;
  readonly headers?: Record<string, string>;
  readonly route?: string;
}

export const arrivalOf = ({ address = '', headers = {} }: Asks): Arrival =>
  anArrival({ path: '/orders/7', headers, peer: address, refuse: (problem) => problem });

/** A guarded service. `ask` gives `served`, or the answer of who was refused. */
export function guarded(requests: Requests, more: { store?: QuotaStore; siblings?: Siblings } = {}) {
  const env = { ...testEnv(), quotaStore: more.store };
  const quotas = new RequestQuotas(env, more.siblings ?? ALONE);
  const way = quota<unknown>(quotas)((arrival) => arrival.serve(undefined as never));
  const policy = { quota: { requests } };
  const pinned = new PolicySet({ defaults: policy }).for('orders');
  const ask = async (asks: Asks = {}): Promise<'served' | Problem> => {
    const context = { ...aContext(), policy: pinned, route: asks.route };
    const { principal: name = '', claims = {} } = asks;
    const principal: Principal = { name, by: 'token', issuer: 'us', claims };
    context.history.principal = name === '' ? ANONYMOUS : principal;
    return way(arrivalOf(asks), context).catch(refusalOf) as Promise<'served' | Problem>;
  };
  const times = async (many: number, asks?: Asks): Promise<number> => {
    let served = 0;
    for (let request = 0; request < many; request++) if ((await ask(asks)) === 'served') served++;
    return served;
  };
  return { env, quotas, policy: pinned, ask, times };
}
