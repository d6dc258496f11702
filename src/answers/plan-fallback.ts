import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import { answers, nothing, passes, type SlotPlan } from '../core/plan.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Answers } from './kept-answers.ts';
import { asked } from './lifetime.ts';
import { requestKey } from './request-key.ts';

/** What `fallback` would do with a call: answer it, or have something at hand where it fails. For who only looks. */
export function planFallback(kept: Answers, call: Call<unknown>, context: Context, now: number): SlotPlan {
  const { fallback, strategy } = context.policy;
  const known = fallback.mode === 'last-good' ? keptFor(kept, call, context) : undefined;
  const ageMs = known === undefined ? 0 : now - known.at;
  if (known !== undefined && fallback.fresh && ageMs < Math.max(known.lifetime.fresh, known.lifetime.revalidate)) {
    const isFresh = ageMs < known.lifetime.fresh;
    return answers(
      'fallback',
      `answered by what was kept ${formatDuration(Math.round(ageMs))} ago, ${isFresh ? 'still fresh' : 'and asked for anew meanwhile'}`,
    );
  }
  const there = [
    ...(call.fallback === undefined ? [] : ["what its caller's own function gives"]),
    ...(known !== undefined && ageMs < known.lifetime.usable ? ['the last good answer'] : []),
    ...(fallback.mode !== 'off' && fallback.answer.status >= 200 ? ['the answer at hand'] : []),
    ...(strategy.mode === 'failsafe' || strategy.mode === 'failback' ? [`nothing, as ${strategy.mode} has it`] : []),
  ];
  if (there.length > 0) return passes('fallback', `where it fails: ${there.join(', else ')}`);
  return fallback.mode === 'off' ? nothing('fallback', 'off') : passes('fallback', 'nothing is at hand for it');
}

function keptFor(kept: Answers, call: Call<unknown>, { history }: Context) {
  const key = requestKey(call, history);
  return key === undefined || asked(call).anew ? undefined : kept.peek(key);
}
