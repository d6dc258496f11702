import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Filter } from '../core/service.ts';
import { formatDuration } from '../policy/duration.ts';

/**
 * Bounds the whole call, retries and waits and all. A deadline that came with the request being served wins when it is
 * nearer. At the deadline the call is over, whether or not what it waits for listens.
 */
export function deadline<Req, Res>({ clock, timeouts }: Env): Filter<Req, Res> {
  return (next) => (request, context) => {
    const now = clock.now();
    const { timeout, inherit } = context.policy.deadline;
    const parent = inherit ? context.deadline : Number.POSITIVE_INFINITY;
    const due = Math.min(parent, now + timeout);
    if (due <= now) return Promise.reject(tooLate(context, 'the time is up already', 'no'));
    const { scope } = context;
    // Inherited deadlines all differ; those of the policy are equal, and share a queue.
    const expire = () => scope.cancel(tooLate(context, `${formatDuration(Math.round(due - now))} are up`, 'maybe'));
    const timer = due === parent ? clock.schedule(due - now, expire) : timeouts.after(timeout, now, expire);
    return new Promise((resolve, reject) => {
      scope.onCancel((reason) => {
        timer.cancel();
        reject(reason);
      });
      next(request, { ...context, deadline: due }).then(
        (value) => {
          timer.cancel();
          resolve(value);
        },
        (error) => {
          timer.cancel();
          reject(error);
        },
      );
    });
  };
}

function tooLate({ service, history }: Context, what: string, sent: 'no' | 'maybe'): MeshError {
  return new MeshError('deadline', `${service}: ${what}`, { sent, service, attempts: history.reports });
}
