import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { judge, judgeError } from '../core/judge.ts';
import type { Node } from '../core/node.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Filter } from '../core/service.ts';

/** Judges endpoints by what they answer, and leaves out for a while those that keep failing. The picker does the rest. */
export function outlier<Req, Res>(env: Env): Filter<Req, Res> {
  return (next) => (request, context) => {
    const node = context.node!;
    const { term } = node.ejection;
    return next(request, context).then(
      (value) => {
        learn(env, context, node, term, judge(context, value));
        return value;
      },
      (error) => {
        learn(env, context, node, term, judgeError(context, error));
        throw error;
      },
    );
  };
}

function learn(env: Env, context: Context, node: Node, term: number, outcome: Outcome): void {
  const { ejection } = node;
  if (outcome.is === 'success') {
    if (ejection.failures === 0 && ejection.state === 'in') return;
    if (ejection.succeeded(term, env.clock.now())) moved(env, context, node, 0);
    return;
  }
  const now = env.clock.now();
  if (outcome.is === 'none' && !hadItsTime(context, now)) {
    if (ejection.undecided(term, now)) node.moved(node);
    return;
  }
  const forMs = ejection.failed(term, context.policy.outlier, now, env.random.next());
  if (forMs > 0) moved(env, context, node, forMs);
}

/**
 * Whether the deadline came while this endpoint had at least half of the time we give a call. A caller's hurry says
 * nothing about an endpoint; silence for so long does.
 */
function hadItsTime({ scope, policy, attemptAt }: Context, now: number): boolean {
  const isDeadline = MeshError.is(scope.reason) && scope.reason.reason === 'deadline';
  return isDeadline && now - attemptAt >= policy.deadline.timeout / 2;
}

function moved({ events, clock }: Env, { service }: Context, node: Node, forMs: number): void {
  node.moved(node);
  if (!events.heard) return;
  const facts = { at: clock.epoch(), service, endpoint: node.endpoint.address };
  if (forMs > 0) events.emit({ ...facts, type: 'ejected', failures: node.ejection.failures, forMs });
  else events.emit({ ...facts, type: 'returned' });
}
