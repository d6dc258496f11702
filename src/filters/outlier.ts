import type { Context, Landing } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Node } from '../core/node.ts';
import { isNack } from '../core/outcome.ts';
import type { Filter } from '../core/service.ts';

/** Judges endpoints by what they answer, and leaves out for a while those that keep failing. The picker does the rest. */
export function outlier<Req, Res>(env: Env): Filter<Req, Res> {
  const learn: Landing = (outcome, now, { node, term, at }, context) => {
    const { ejection } = node;
    if (outcome.is === 'success') {
      if (ejection.failures === 0 && ejection.state === 'in') return;
      if (ejection.succeeded(term, now)) moved(env, context, node, 0);
    } else if (isNack(outcome) || (outcome.is === 'none' && !hadItsTime(context, now - at))) {
      if (ejection.undecided(term, now)) node.moved(node);
    } else {
      const { state } = ejection;
      const forMs = ejection.failed(term, context.policy.outlier, now, env.random.next());
      if (ejection.state !== state) moved(env, context, node, forMs);
    }
  };
  return (next) => (request, context) => {
    context.flight!.onEnd(learn);
    return next(request, context);
  };
}

/**
 * Whether the deadline came while this endpoint had at least half of the time we give a call. A caller's hurry says
 * nothing about an endpoint; silence for so long does.
 */
function hadItsTime({ scope, policy }: Context, ms: number): boolean {
  const isDeadline = MeshError.is(scope.reason) && scope.reason.reason === 'deadline';
  return isDeadline && ms >= policy.deadline.timeout / 2;
}

function moved({ events, clock }: Env, { service }: Context, node: Node, forMs: number): void {
  node.moved(node);
  if (!events.hears(forMs > 0 ? 'ejected' : 'returned')) return;
  const facts = { at: clock.epoch(), service, endpoint: node.endpoint.address };
  if (forMs > 0) events.emit({ ...facts, type: 'ejected', failures: node.ejection.failures, forMs });
  else events.emit({ ...facts, type: 'returned' });
}
