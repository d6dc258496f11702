import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { awaitedBy } from '../core/resolution.ts';
import { type Filter, refuse } from '../core/service.ts';
import { formatDuration } from '../policy/duration.ts';

/**
 * Bounds the whole call, retries and waits and all, by calling its scope off. A deadline that came with the request
 * being served wins when it is nearer. Whoever waits for the call waits on its scope too, so that it is over then,
 * whether or not the client that sends listens.
 */
export function deadline<Req, Res>({ timeouts }: Env): Filter<Req, Res> {
  const expire = (context: Context) => {
    const up = `${formatDuration(Math.round(context.scope.due - context.begunAt))} are up`;
    context.scope.cancel(unresolved(context, up) ?? tooLate(context, up, 'maybe'));
  };
  return (next) => (request, context) => {
    const { scope, begunAt } = context;
    const { timeout, inherit } = context.policy.deadline;
    const parent = inherit ? scope.due : Number.POSITIVE_INFINITY;
    scope.due = dueOf(context);
    if (scope.due <= begunAt) return refuse(tooLate(context, 'the time is up already', 'no'));
    // Inherited deadlines all differ; those of the policy are equal, and share a queue.
    const isOurs = scope.due < parent;
    scope.keep(isOurs ? timeouts.after(timeout, begunAt, expire, context) : timeouts.at(scope.due, expire, context));
    return next(request, context);
  };
}

/** The moment, on the mesh's clock, when a call has to be over. */
export function dueOf({ scope, begunAt, policy: { deadline } }: Context): number {
  const due = begunAt + deadline.timeout;
  return deadline.inherit ? Math.min(scope.due, due) : due;
}

function tooLate({ service, history }: Context, what: string, sent: 'no' | 'maybe', cause?: unknown): MeshError {
  return new MeshError('deadline', `${service}: ${what}`, { sent, service, attempts: history.reports, cause });
}

/** What to say of a call that has waited for the registry all the time; nothing of any other. */
function unresolved(context: Context, up: string): MeshError | undefined {
  const awaited = awaitedBy(context.history);
  if (awaited === undefined) return undefined;
  const { error } = awaited;
  const why = error === undefined ? '' : `: ${messageOf(error)}`;
  return tooLate(context, `${up}, and the registry has not said where it is${why}`, 'no', error);
}

/** Until when a call would have, for who only looks: its length in milliseconds, and whose word that is. */
export interface DeadlinePlan {
  /** How long all of the call may take; 0 or less where the time is up. */
  readonly ms: number;
  /** `inherited` from the request being served, or as the `policy` or the `call` itself says. */
  readonly from: 'inherited' | 'policy' | 'call';
}

/** What it would say of a call. `own` says that the call has brought a length of its own. */
export function planDeadline({ scope, begunAt, policy }: Context, own: boolean): DeadlinePlan {
  const { timeout, inherit } = policy.deadline;
  const parent = inherit ? scope.due - begunAt : Number.POSITIVE_INFINITY;
  return parent <= timeout
    ? { ms: Math.max(0, parent), from: 'inherited' }
    : { ms: timeout, from: own ? 'call' : 'policy' };
}
