import type { Call } from '../core/call.ts';
import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Failbacks } from '../core/failbacks.ts';
import { isGood, judge, judgeError } from '../core/judge.ts';
import { discard, type Outcome } from '../core/outcome.ts';
import { race } from '../core/race.ts';
import { Scope } from '../core/scope.ts';
import { ask, type Filter, type Service } from '../core/service.ts';
import { FALLBACK_HEADER } from '../wire/nack.ts';
import { detached } from './detached.ts';
import type { Answers, KeptAnswer } from './kept-answers.ts';
import { asked, lifetimeOf } from './lifetime.ts';
import { renew } from './renew.ts';
import { requestKey } from './request-key.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const GONE = new Set([404, 410]);
const UNSERVED = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED']);

/**
 * Gives a call that failed something instead: what its caller says, the last good answer, or one that the policy has at
 * hand. Never hides that a caller gave up, nor a mistake in what was asked.
 */
export function fallback<Res>(env: Env, answers: Answers, failbacks: Failbacks): Filter<Call<Res>, Res> {
  const parts = { env, answers, failbacks };
  return (next) => (call, context) => {
    const { fallback, strategy } = context.policy;
    const isOff = fallback.mode === 'off' && call.fallback === undefined;
    if (isOff && strategy.mode !== 'failsafe' && strategy.mode !== 'failback') return next(call, context);
    return new Guarded(parts, next, call, context).go();
  };
}

interface FallbackParts {
  readonly env: Env;
  readonly answers: Answers;
  readonly failbacks: Failbacks;
}

/** One call with something to fall back on. */
class Guarded<Res> {
  readonly #env: Env;
  readonly #answers: Answers;
  readonly #failbacks: Failbacks;
  readonly #next: Service<Call<Res>, Res>;
  readonly #call: Call<Res>;
  readonly #context: Context;
  /** What its answer is kept under; nothing where none is. */
  readonly #key: string | undefined;

  constructor(parts: FallbackParts, next: Service<Call<Res>, Res>, call: Call<Res>, context: Context) {
    this.#env = parts.env;
    this.#answers = parts.answers;
    this.#failbacks = parts.failbacks;
    this.#next = next;
    this.#call = call;
    this.#context = context;
    this.#key = context.policy.fallback.mode === 'last-good' ? requestKey(call, context.history) : undefined;
  }

  go(): Promise<Res> {
    const kept = this.#context.policy.fallback.fresh ? this.#kept() : undefined;
    if (kept === undefined) return this.#ask();
    const ms = this.#env.clock.now() - kept.at;
    if (ms < kept.lifetime.fresh) return Promise.resolve(this.#give(kept, false));
    if (ms >= kept.lifetime.revalidate) return this.#ask();
    renew(this.#env, this.#answers, this.#next as Service<Call<unknown>, unknown>, this.#call, this.#context, kept);
    return Promise.resolve(this.#give(kept, true));
  }

  /** Asks, in a scope of its own: when the time is up, the call below is over, and this one is not yet. */
  #ask(): Promise<Res> {
    const { scope } = this.#context;
    const own = copy(this.#context);
    const inner = new Scope(scope.due);
    own.scope = inner;
    const pass = (reason: unknown): void => inner.cancel(reason);
    scope.onCancel(pass);
    const over = (): void => {
      inner.end();
      scope.offCancel(pass);
    };
    return race(ask(this.#next, this.#call, own), inner).then(
      (value) => {
        over();
        return this.#answered(value);
      },
      (error) => {
        over();
        return this.#failed(error);
      },
    );
  }

  #answered(value: Res): Res | Promise<Res> {
    const outcome = judge(this.#context, value);
    if (isGood(outcome, this.#context.policy)) {
      this.#learn(value, outcome.status);
      return value;
    }
    if (outcome.is === 'none') return value;
    const { service, history } = this.#context;
    const facts = { sent: outcome.sent, service, attempts: history.reports, cause: value };
    const error = new MeshError('fallback', `${service}: ${outcome.why}`, facts);
    return this.#rescue(error, outcome, value, () => value);
  }

  #failed(error: unknown): Res | Promise<Res> {
    const stands = (): never => {
      if (MeshError.is(error) && error.attempts.length === 0) error.attempts = this.#context.history.reports;
      throw error;
    };
    if (this.#context.scope.cancelled) return stands(); // by its caller, or with the mesh
    const outcome = judgeError(this.#context, error);
    const isFailure = MeshError.is(error)
      ? UNSERVED.has(error.code) && error.reason !== 'closed'
      : outcome.is === 'failure';
    return isFailure ? this.#rescue(error, outcome, undefined, stands) : stands();
  }

  /** What there is instead; `stands` where there is nothing. */
  #rescue(error: unknown, outcome: Outcome, instead: unknown, stands: () => Res): Res | Promise<Res> {
    const { fallback, strategy } = this.#context.policy;
    const { keeper } = this.#call.request ?? {};
    const { why } = outcome;
    const isLater = strategy.mode === 'failback' && this.#later(outcome);
    if (this.#call.fallback !== undefined) return this.#ofCaller(error, why, instead, stands);
    const kept = this.#kept();
    if (kept !== undefined && this.#env.clock.now() - kept.at < kept.lifetime.usable) {
      discard(instead);
      this.#tell({ type: 'fallback', source: 'last-good', why });
      return this.#give(kept, true, { [FALLBACK_HEADER]: 'last-good' });
    }
    const { status, headers, body } = fallback.answer;
    if (fallback.mode !== 'off' && status >= 200 && keeper !== undefined) {
      discard(instead);
      this.#tell({ type: 'fallback', source: 'answer', why });
      return keeper.make(status, { ...headers, [FALLBACK_HEADER]: 'answer' }, body);
    }
    if (!isLater && strategy.mode !== 'failsafe') return stands();
    discard(instead);
    const source = isLater ? 'failback' : 'failsafe';
    this.#tell({ type: 'fallback', source, why });
    return keeper === undefined ? (undefined as Res) : keeper.make(204, { [FALLBACK_HEADER]: source }, '');
  }

  /** Sees to it that the call is made again later, where that does no harm. Says whether it will be. */
  #later({ sent }: Outcome): boolean {
    const { idempotent, replayable, policy, service } = this.#context;
    const { events, clock } = this.#env;
    if (!replayable || !(idempotent || sent === 'no')) return false;
    const next = this.#next as Service<Call<unknown>, unknown>;
    const look = (value: unknown, own: Context): boolean => {
      const well = isGood(judge(own, value), policy);
      discard(value); // for nobody
      return well;
    };
    const again = () => detached(this.#env, this.#answers, next, this.#call, this.#context, look).catch(() => false);
    return this.#failbacks.add(policy.strategy, again, (well, tries) => {
      if (events.hears('failback')) events.emit({ at: clock.epoch(), type: 'failback', service, well, tries });
    });
  }

  /** What the caller's own function gives. It has as long as the call had, and where it fails too, the first error stands. */
  async #ofCaller(error: unknown, why: string, instead: unknown, stands: () => Res): Promise<Res> {
    const { clock, timeouts } = this.#env;
    const { scope, policy } = this.#context;
    let value: unknown;
    try {
      value = this.#call.fallback!(error);
      if (value instanceof Promise) {
        const { timeout } = policy.deadline;
        if (timeout !== Number.POSITIVE_INFINITY) {
          scope.keep(timeouts.after(timeout, clock.now(), (late) => late.cancel(error), scope));
        }
        value = await race(value, scope);
      }
    } catch {
      if (scope.cancelled) discard(instead); // nobody waits for it any more
      return stands();
    }
    discard(instead);
    this.#tell({ type: 'fallback', source: 'call', why });
    return value as Res;
  }

  #kept(): KeptAnswer | undefined {
    if (this.#key === undefined || asked(this.#call).anew) return undefined;
    return this.#answers.get(this.#key, this.#env.clock.now());
  }

  #give({ kept, at, lifetime }: KeptAnswer, stale: boolean, more: Readonly<Record<string, string>> = {}): Res {
    const ms = this.#env.clock.now() - at;
    if (more[FALLBACK_HEADER] === undefined) this.#tell({ type: 'cached', stale, ageMs: ms + lifetime.age });
    return kept.copy({
      age: String(Math.floor((ms + lifetime.age) / 1_000)),
      'cache-status': `inmesh; hit; ttl=${Math.floor((lifetime.fresh - ms) / 1_000)}`,
      ...more,
    }) as Res;
  }

  /** Keeps a good answer, once its reader has read it. One that changed something makes what was kept there worthless. */
  #learn(value: Res, status: number): void {
    const { method, path, request } = this.#call;
    const { fallback } = this.#context.policy;
    if (fallback.mode !== 'last-good') return;
    if (path !== undefined && method !== undefined && !SAFE.has(method) && status < 400) this.#answers.forget(path);
    if (this.#key === undefined) return;
    const headers = (value as { headers: never }).headers;
    const { clock } = this.#env;
    const [key, at] = [this.#key, clock.now()];
    const lifetime = lifetimeOf(this.#call, status, headers, fallback.stale, clock.epoch());
    if (lifetime === undefined) {
      if (status < 400 || GONE.has(status)) this.#answers.delete(key);
      return;
    }
    request!.keeper!.watch(value, this.#answers.most(fallback), (kept) => {
      if (kept !== undefined) this.#answers.set({ key, kept, path: path!, at, lifetime, renewing: false }, fallback);
    });
  }

  #tell(facts: Told): void {
    const { events, clock } = this.#env;
    const { service } = this.#context;
    if (events.hears(facts.type)) events.emit({ at: clock.epoch(), service, ...facts }, this.#context);
  }
}

type Source = Extract<MeshEvent, { type: 'fallback' }>['source'];
type Told =
  | { readonly type: 'fallback'; readonly source: Source; readonly why: string }
  | { readonly type: 'cached'; readonly stale: boolean; readonly ageMs: number };
