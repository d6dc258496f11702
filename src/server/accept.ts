import { MeshError } from '../core/errors.ts';
import { priorityOf } from '../core/priority.ts';
import { ask, type Filter } from '../core/service.ts';
import { Baggage, PRIORITY_MEMBER } from '../wire/baggage.ts';
import { parseRequestId, REQUEST_ID } from '../wire/request-id.ts';
import type { Arrival } from './arrival.ts';
import { field } from './fields.ts';

/**
 * Holds a request from its coming to its end: what it carries along goes on with it, who hangs up calls it off, and what
 * waited for its end is let go.
 */
export function accept<Res>(): Filter<Arrival, Res> {
  return (next) => (arrival, context) => {
    const { scope, service, history } = context;
    history.requestId = parseRequestId(field(arrival.headers, REQUEST_ID));
    history.baggage = Baggage.parse(field(arrival.headers, 'baggage'));
    if (history.baggage !== Baggage.NONE) history.priority = priorityOf(history.baggage.get(PRIORITY_MEMBER));
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
