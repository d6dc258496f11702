import type { Env } from '../core/env.ts';
import type { Filter } from '../core/service.ts';
import { trace as begin } from '../filters/trace.ts';
import type { Arrival } from './arrival.ts';
import { readTrace } from './read-trace.ts';

/** Goes on with the trace that came; where none did, begins the one that all calls made inside will share. */
export function trace<Res>(env: Env): Filter<Arrival, Res> {
  const beginning = begin<Arrival, Res>(env);
  return (next) => {
    const began = beginning(next);
    return (arrival, context) => {
      context.history.trace = readTrace(arrival.headers, context.policy.trace.formats);
      return began(arrival, context);
    };
  };
}
