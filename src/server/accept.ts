import { MeshError } from '../core/errors.ts';
import { ask, type Filter } from '../core/service.ts';
import type { Arrival } from './arrival.ts';

/** Holds a request from its coming to its end: who hangs up calls it off, and what waited for its end is let go. */
export function accept<Res>(): Filter<Arrival, Res> {
  return (next) => (arrival, context) => {
    const { scope, service } = context;
    arrival.onHangUp(() => scope.cancel(new MeshError('caller', `${service}: the caller hung up`, { service })));
    return ask(next, arrival, context).then(
      (value) => {
        scope.end();
        return value;
      },
      (error) => {
        scope.end();
        throw error;
      },
    );
  };
}
