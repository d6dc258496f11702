import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { type Filter, refuse } from '../core/service.ts';
import { Ration } from '../math/ration.ts';
import {
  ENVOY_TIMEOUT,
  FINAGLE_DEADLINE,
  GRPC_TIMEOUT,
  parseFinagleDeadline,
  parseTimeLeft,
} from '../wire/deadline.ts';
import type { Arrival } from './arrival.ts';
import { field, type IncomingHeaders } from './fields.ts';

const WINDOW_MS = 10_000; // Finagle's

/**
 * Gives the request the time that its caller has left. One that comes too late is refused unserved; but only a share of
 * all, since where many come too late it is rather a clock that is wrong. Who is let in late has no deadline then.
 */
export function deadline<Res>({ clock, events, timeouts }: Env): Filter<Arrival, Res> {
  const ration = new Ration(WINDOW_MS);
  const expire = (context: Context): void => context.scope.cancel(late(context, 'the time is up'));
  return (next) => (arrival, context) => {
    const { scope, begunAt, service, route = '', policy } = context;
    ration.count(begunAt);
    const left = timeLeft(arrival.headers, clock.epoch());
    if (left === undefined) return next(arrival, context);
    if (left > 0) {
      scope.due = begunAt + left;
      scope.keep(timeouts.at(scope.due, expire, context));
      return next(arrival, context);
    }
    const { expired, refuse: share } = policy.deadline;
    if (expired === 'off' || !ration.take(share, begunAt)) return next(arrival, context);
    const enforced = expired === 'enforce';
    if (events.hears('refused')) {
      events.emit({ at: clock.epoch(), service, type: 'refused', route, reason: 'deadline', enforced }, context);
    }
    return enforced ? refuse(late(context, 'the time was up when the request came')) : next(arrival, context);
  };
}

/** Milliseconds that the caller has left, the least of all that it says; at most 0 when it is too late. */
export function timeLeft(headers: IncomingHeaders, epoch: number): number | undefined {
  const relative = parseTimeLeft(field(headers, ENVOY_TIMEOUT), field(headers, GRPC_TIMEOUT));
  const absolute = parseFinagleDeadline(field(headers, FINAGLE_DEADLINE), epoch);
  return absolute === undefined || (relative !== undefined && relative < absolute) ? relative : absolute;
}

const late = ({ service }: Context, what: string): MeshError =>
  new MeshError('deadline', `${service}: ${what}`, { service });
