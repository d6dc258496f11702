import type { Env } from '../core/env.ts';
import { ask, type Filter } from '../core/service.ts';
import type { Arrival } from './arrival.ts';
import { routeOf } from './route-name.ts';

/** Shows the request to those who watch, for traces, logs and metrics; changes nothing about it. */
export function watch<Res>({ watch }: Env): Filter<Arrival, Res> {
  if (watch === undefined) return (next) => next;
  return (next) => (arrival, context) => {
    if (!watch.onRequests) return next(arrival, context);
    const route = () => routeOf(context.route, arrival);
    return watch.request(arrival, context, route, () => ask(next, arrival, context));
  };
}
