import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { race } from '../core/race.ts';
import { Scope } from '../core/scope.ts';
import { ask, type Filter } from '../core/service.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/table.ts';

/** Bounds one attempt: at its end the client is told to stop, and whoever waits above hears at once. */
export function attempt<Req, Res>({ timeouts }: Env): Filter<Req, Res> {
  return (next) => (request, context) => {
    const { timeout, last } = context.policy.attempt;
    if (boundsNothing(context.policy) || (!last && isLast(context))) return next(request, context);
    const { at } = context.flight!;
    const scope = new Scope(Math.min(context.scope.due, at + timeout));
    const pass = (reason: unknown) => scope.cancel(reason);
    context.scope.onCancel(pass);
    const over = () => {
      scope.end();
      context.scope.offCancel(pass);
    };
    const own = copy(context);
    own.scope = scope;
    scope.keep(timeouts.after(timeout, at, expire, own));
    return race(ask(next, request, own), scope).then(
      (value) => {
        over();
        return value;
      },
      (error) => {
        over();
        throw error;
      },
    );
  };
}

/** Whether an attempt may take as long as the call. */
export const boundsNothing = ({ attempt }: Policy): boolean => attempt.timeout === Number.POSITIVE_INFINITY;

/** Whether nothing would be gained by ending it: as Linkerd has it, what can not be tried again may as well go on. */
const isLast = ({ attempt, history, idempotent, replayable, policy }: Context): boolean =>
  !idempotent || !replayable || Math.max(attempt, history.attempts) >= policy.retry.attempts;

function expire({ service, scope, flight, policy }: Context): void {
  const endpoint = flight!.node.endpoint.address;
  const message = `${service}: no answer from ${endpoint} in ${formatDuration(policy.attempt.timeout)}`;
  scope.cancel(new MeshError('attempt', message, { sent: 'maybe', service, endpoint }));
}
