import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { isGood, judge } from '../core/judge.ts';
import { discard } from '../core/outcome.ts';
import type { Service } from '../core/service.ts';
import { detached } from './detached.ts';
import type { Answers, KeptAnswer } from './kept-answers.ts';
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
  const over = (): void => {
    old.renewing = false;
  };
  const look = (value: unknown, own: Context) => keep(env, answers, call, own, value, old);
  detached(env, answers, next, call, context, look).then(over, over);
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
  if (!isGood(outcome, context.policy)) return void discard(value);
  const { headers } = value as { headers: never };
  const at = env.clock.now();
  const lifetime = lifetimeOf(call, outcome.status, headers, fallback.stale, env.clock.epoch());
  if (lifetime === undefined) answers.delete(old.key);
  const kept = lifetime && (await call.request!.keeper!.gather(value, answers.most(fallback)));
  if (lifetime === undefined || kept === undefined) return void discard(value);
  answers.set({ ...old, kept, at, lifetime, renewing: false }, fallback);
}
