import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { race } from '../core/race.ts';
import { Scope } from '../core/scope.ts';
import type { Filter } from '../core/service.ts';
import { formatDuration } from '../policy/duration.ts';

/**
 * Bounds one attempt, and ends it when the call is called off: whoever waits above hears at once, whether or not the
 * client that sends listens to its signal.
 */
export function attempt<Req, Res>({ clock, timeouts }: Env): Filter<Req, Res> {
  return (next) => (request, context) => {
    const { timeout } = context.policy.attempt;
    if (timeout === Number.POSITIVE_INFINITY) return race(next(request, context), context.scope);
    const own = new Scope();
    const pass = (reason: unknown) => own.cancel(reason);
    context.scope.onCancel(pass);
    const { service, node } = context;
    const timer = timeouts.after(timeout, clock.now(), () =>
      own.cancel(
        new MeshError('attempt', `${service}: no answer from ${node?.endpoint.address} in ${formatDuration(timeout)}`, {
          sent: 'maybe',
          service,
          endpoint: node?.endpoint.address,
        }),
      ),
    );
    const over = () => {
      timer.cancel();
      context.scope.offCancel(pass);
    };
    return race(next(request, { ...context, scope: own }), own).then(
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
