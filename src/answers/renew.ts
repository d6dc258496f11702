import type { Call } from '../core/call.ts';
import { type Context, copy, History } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { isGood, judge } from '../core/judge.ts';
import { discard } from '../core/outcome.ts';
import { race } from '../core/race.ts';
import { Scope } from '../core/scope.ts';
import { ask, type Service } from '../core/service.ts';
import { Answers, type KeptAnswer } from './kept-answers.ts';
import { lifetimeOf } from './lifetime.ts';

/** Asks for a newer answer than the one that is kept, for no caller in particular; once at a time. Never fails. */
export function renew(
  env: Env,
  answers: Answers,
  next: Service<Call<unknown>, unknown>,
  call: Call<unknown>,
  context: Context,
  old: KeptAnswer,
): void {
  if (old.renewing) return;
  old.renewing = true;
  const own = copy(context);
  const { trace, priority, baggage } = context.history;
  own.scope = new Scope(); // outlives the caller's; the deadline below ends it, or whoever closes the answers
  own.history = new History(trace, priority, baggage);
  own.history.shared = true; // the caller's signal is not for this one
  own.begunAt = env.clock.now();
  answers.hold(own.scope);
  const over = (): void => {
    old.renewing = false;
    own.scope.end();
    answers.release(own.scope);
  };
  race(ask(next, call, own), own.scope)
    .then((value) => keep(env, answers, call, own, value, old))
    .then(over, over);
}

async function keep(
  env: Env,
  answers: Answers,
  call: Call<unknown>,
  context: Context,
  value: unknown,
  old: KeptAnswer,
): Promise<void> {
  const { fallback } = context.policy;
  const outcome = judge(context, value);
  if (!isGood(outcome, context.policy)) return discard(value);
  const { headers } = value as { headers: never };
  const at = env.clock.now();
  const lifetime = lifetimeOf(call, outcome.status, headers, fallback.stale, env.clock.epoch());
  if (lifetime === undefined) {
    answers.delete(old.key);
    return discard(value);
  }
  const kept = await call.request!.keeper!.gather(value, Answers.most(fallback));
  if (kept === undefined) return discard(value);
  answers.set({ ...old, kept, at, lifetime, renewing: false }, fallback);
}
