import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Finding, Forwarding, Shown } from '../core/identity.ts';
import { ANONYMOUS } from '../core/principal.ts';
import { race } from '../core/race.ts';
import { type Filter, refuse } from '../core/service.ts';
import type { Arrival } from './arrival.ts';
import { field } from './fields.ts';
import { hide, incomingOf } from './incoming.ts';

/** What only who may forward is allowed to say, and of that only what they write themselves. */
const FORWARDED = ['x-forwarded-client-cert', 'client-cert', 'client-cert-chain'];
const HIDDEN: Readonly<Record<Forwarding, readonly string[]>> = {
  'x-forwarded-client-cert': ['client-cert', 'client-cert-chain'],
  'client-cert': ['x-forwarded-client-cert'],
};

/** Finds out who sends a request, and refuses who shows a proof that is none. */
export function identify<Res>(env: Env): Filter<Arrival, Res> {
  const settle = settler(env);
  return (next) => {
    const go = (arrival: Arrival, context: Context, finding: Finding): Promise<Res> => {
      const refusal = settle(arrival, context, finding);
      return refusal === undefined ? next(arrival, context) : refuse(refusal);
    };
    return (arrival, context) => {
      const policy = context.policy.identify;
      if (policy.mode === 'off') return next(arrival, context);
      const finding = env.identity?.identify(new ShownBy(arrival), policy) ?? UNKNOWN;
      if (!(finding instanceof Promise)) return go(arrival, context, finding);
      return race(finding, context.scope).then((found) => go(arrival, context, found));
    };
  };
}

/** Writes down and tells what was found; gives the refusal where that is what follows. */
const settler =
  ({ clock, events }: Env) =>
  (arrival: Arrival, context: Context, { principal, problem, forwards }: Finding): MeshError | undefined => {
    const { history, service, route = '', policy } = context;
    const { mode, required } = policy.identify;
    const enforced = mode === 'enforce';
    const missing = required && principal.by === 'nothing' ? 'nothing was shown' : '';
    const why = problem || missing;
    history.principal = principal;
    if (enforced) hide(arrival, forwards === undefined ? FORWARDED : HIDDEN[forwards]);
    // Nobody gets to be served before others by their own word alone.
    if (enforced && principal.by === 'nothing' && history.priority === 'critical') history.priority = 'default';
    if (events.hears('identify')) {
      const { name, by, issuer } = principal;
      const facts = { at: clock.epoch(), service, type: 'identify', route } as const;
      events.emit({ ...facts, principal: name, by, issuer, problem: why, enforced: enforced && why !== '' });
    }
    if (why === '') return undefined;
    if (events.hears('refused')) {
      events.emit({ at: clock.epoch(), service, type: 'refused', route, reason: 'identify', enforced }, context);
    }
    return enforced ? new Unidentified(service, problem !== '') : undefined;
  };

/** Who sent it is not known. What was wrong with the proof is for the audit, and not for who showed it. */
class Unidentified extends MeshError {
  /** What the answer says of how to do better (RFC 6750, section 3). */
  readonly challenge: string;

  constructor(service: string, shown: boolean) {
    super('identify', `${service}: who sent the request was not proven`, { service });
    this.challenge = shown ? 'Bearer error="invalid_token"' : 'Bearer';
  }
}

/** Where there is nothing to look at proofs by, nobody is known. */
const UNKNOWN: Finding = { principal: ANONYMOUS, problem: '', forwards: undefined };

class ShownBy implements Shown {
  readonly #arrival: Arrival;

  constructor(arrival: Arrival) {
    this.#arrival = arrival;
  }

  get method(): string {
    return this.#arrival.method;
  }

  get path(): string {
    return this.#arrival.path;
  }

  get incoming(): unknown {
    return incomingOf(this.#arrival);
  }

  header(name: string): string | undefined {
    return field(this.#arrival.headers, name);
  }
}
