import type { Filter } from '../core/service.ts';
import type { Checks } from './checks.ts';

/** Has the endpoints of a service that is called asked how they are. The call itself waits for nothing. */
export const health =
  <Req, Res>(checks: Checks): Filter<Req, Res> =>
  (next) =>
  (request, context) => {
    if (checks.concern(context)) checks.called(context);
    return next(request, context);
  };
