import type { Attempt, Call } from '../core/call.ts';
import { callHeader } from '../core/call-header.ts';
import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Identity, IdentityFacts } from '../core/identity.ts';
import { judge, judgeError } from '../core/judge.ts';
import { discard, type Outcome } from '../core/outcome.ts';
import { nothing, passes, refuses, type SlotPlan } from '../core/plan.ts';
import { race } from '../core/race.ts';
import { type Filter, refuse, type Service } from '../core/service.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/table.ts';

const UNAUTHORIZED = 401;

/** Proves to the service called who we are. A proof that was refused is made anew, once, and the call goes again. */
export function authenticate<Res>({ identity }: Env): Filter<Call<Res>, Res> {
  return (next) => (call, context) => {
    if (provesNothing(context.policy)) return next(call, context);
    if (identity === undefined) return refuse(noIdentity(context));
    if (context.policy.authenticate.mode === 'signature')
      return next({ ...call, send: signed(call, context, identity) }, context);
    if (callHeader(call, 'authorization') !== undefined) return next(call, context); // the caller's own word stands
    return new Bearer(call, context, identity, next).go();
  };
}

/** Whether the other side is not to know who we are. */
export const provesNothing = ({ authenticate }: Policy): boolean => authenticate.mode === 'off';

const noIdentity = ({ service }: Context): MeshError =>
  new MeshError('authenticate', `${service}: the policy wants a proof of who we are, and there is no identity`, {
    service,
  });

/** Signs each attempt as it leaves, since no two may have one signature. */
function signed<Res>(call: Call<Res>, { service }: Context, identity: Identity) {
  const { send, method, path, request } = call;
  let made: string | undefined;
  /** That of the body: a stream has none, since it is not known before it is sent. */
  const own = (): string | undefined => {
    const content = request?.payload?.content;
    if (content !== undefined) made ??= identity.digest(content);
    return made;
  };
  return (attempt: Attempt): Res | PromiseLike<Res> => {
    if (method === undefined || path === undefined) {
      throw new MeshError('authenticate', `${service}: only a call that has a method and a path can be signed`, {
        service,
      });
    }
    const { headers } = attempt;
    const digest = callHeader(call, 'content-digest') ?? headers['content-digest'] ?? own();
    if (digest !== undefined) headers['content-digest'] = digest;
    Object.assign(headers, identity.sign({ service, method, path, digest }));
    return send(attempt);
  };
}

/** A call with a token, and once more with another where that was refused. */
class Bearer<Res> {
  readonly #call: Call<Res>;
  readonly #context: Context;
  readonly #identity: Identity;
  readonly #next: Service<Call<Res>, Res>;
  readonly #audience: string;

  constructor(call: Call<Res>, context: Context, identity: Identity, next: Service<Call<Res>, Res>) {
    this.#call = call;
    this.#context = context;
    this.#identity = identity;
    this.#next = next;
    this.#audience = context.policy.authenticate.audience || context.service;
  }

  go(): Promise<Res> {
    const token = this.#identity.token(this.#audience, this.#lifetime);
    if (typeof token === 'string') return this.#show(token);
    return race(token, this.#context.scope).then((made) => this.#show(made));
  }

  get #lifetime(): number {
    return this.#context.policy.authenticate.lifetime;
  }

  #show(token: string): Promise<Res> {
    const context = this.#context;
    const answer = this.#next(this.#with(token), context);
    return answer.then(
      (value) => (this.#isRefused(judge(context, value)) ? this.#renew(token, answer, () => discard(value)) : value),
      (error) => (this.#isRefused(judgeError(context, error)) ? this.#renew(token, answer) : answer),
    );
  }

  /** Nothing was done for who was not known, so that any request that can be sent again may be. */
  #isRefused({ status }: Outcome): boolean {
    return status === UNAUTHORIZED && this.#context.replayable && !this.#context.scope.cancelled;
  }

  async #renew(token: string, answer: Promise<Res>, letGo?: () => void): Promise<Res> {
    const { scope, history } = this.#context;
    let other: string;
    try {
      other = await race(this.#identity.renew(this.#audience, this.#lifetime, token), scope);
    } catch {
      if (scope.cancelled) letGo?.(); // nobody waits for it any more
      return answer; // what the service said is more than that there is no other token
    }
    if (other === token) return answer;
    letGo?.();
    const own = copy(this.#context);
    own.attempt = history.attempts + 1;
    return this.#next(this.#with(other), own);
  }

  #with(token: string): Call<Res> {
    return { ...this.#call, headers: { ...this.#call.headers, authorization: `Bearer ${token}` } };
  }
}

/** How calls to a service prove who we are, for people; nothing where they do not. */
export function sayProofs(
  { authenticate }: Policy,
  service: string,
  identity: Identity | undefined,
): readonly string[] {
  const { mode, audience } = authenticate;
  const { certificate, tokens, secrets, problems } = identity?.facts() ?? NO_FACTS;
  const said: string[] = [];
  if (mode === 'token') {
    const wanted = audience || service;
    const token = tokens.find((one) => one.audience === wanted);
    said.push(`authenticate: a token for ${wanted}, ${token === undefined ? 'none at hand' : goodFor(token.leftMs)}`);
  }
  if (mode === 'signature') {
    const shared = secrets.includes(service) ? 'the secret shared with it' : 'a secret, but none is shared with it';
    said.push(`authenticate: each request is signed with ${shared}`);
  }
  if (certificate !== null)
    said.push(`certificate: ${certificate.name || 'of nobody'}, ${goodFor(certificate.leftMs)}`);
  if (certificate !== null || mode !== 'off') said.push(...problems);
  return said;
}

const NO_FACTS: IdentityFacts = { issuers: [], certificate: null, tokens: [], secrets: [], problems: [] };

const goodFor = (ms: number): string => `good for ${formatDuration(1_000 * Math.floor(ms / 1_000))}`;

/** What it would do with a call, for who only looks: no token is made for it. */
export function planAuthenticate(call: Call<unknown>, context: Context, identity: Identity | undefined): SlotPlan {
  const { mode } = context.policy.authenticate;
  if (mode === 'off') return nothing('authenticate', 'off');
  if (identity === undefined)
    return refuses('authenticate', 'the policy wants a proof of who we are, and there is no identity');
  if (mode === 'signature' && (call.method === undefined || call.path === undefined))
    return refuses('authenticate', 'only a call that has a method and a path can be signed');
  if (mode === 'token' && callHeader(call, 'authorization') !== undefined)
    return nothing('authenticate', 'the caller has brought an authorization of its own');
  const [said = mode] = sayProofs(context.policy, context.service, identity);
  return passes('authenticate', said.replace(/^authenticate: /, ''));
}
