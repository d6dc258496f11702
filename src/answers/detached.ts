import type { Call } from '../core/call.ts';
import { type Context, copy, History } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { discard } from '../core/outcome.ts';
import { race } from '../core/race.ts';
import { Scope } from '../core/scope.ts';
import { ask, type Service } from '../core/service.ts';
import type { Answers } from './kept-answers.ts';

/**
 * Makes a call that no caller waits for, such as another had made: the caller of that one can not end it. The deadline
 * below does, or the end of the mesh.
 */
export async function detached<T>(
  env: Env,
  answers: Answers,
  next: Service<Call<unknown>, unknown>,
  call: Call<unknown>,
  context: Context,
  look: (value: unknown, own: Context) => T | Promise<T>,
): Promise<T> {
  const own = copy(context);
  const { trace, priority, baggage, requestId, principal, serving } = context.history;
  own.scope = new Scope();
  own.history = Object.assign(new History(trace, priority, baggage, requestId), { principal, serving });
  own.history.shared = true; // the caller's signal is not for this one
  own.begunAt = env.clock.now();
  answers.hold(own.scope);
  try {
    const value = await race(ask(next, call, own), own.scope);
    const looked = (async () => look(value, own))();
    return await race(looked, own.scope).catch((error) => {
      discard(value); // it takes too long to read, or can not be
      throw error;
    });
  } finally {
    own.scope.end();
    answers.release(own.scope);
  }
}
