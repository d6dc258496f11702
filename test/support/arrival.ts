import type { Wire } from '../../src/core/incoming.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import type { Problem } from '../../src/server/problem.ts';
import type { RequestContext } from '../../src/server/request-context.ts';

/** What is to be said of a request that comes. */
export interface Coming {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The address of the other end. */
  readonly peer?: string;
  readonly serve?: (context: RequestContext) => unknown;
}

/** A request that has come in without a server: answered with what `serve` gives, or with the status of the refusal. */
export function anArrival({
  method = 'GET',
  path = '/',
  headers = {},
  peer = '',
  serve = () => 'served',
}: Coming): Arrival {
  const wire: Wire = {
    secure: false,
    protocol: '1.1',
    peer,
    status: 0,
    whole: true,
    header: () => undefined,
    onEnd: () => false,
  };
  return {
    request: {},
    method,
    path,
    template: undefined,
    headers,
    wire,
    onHangUp: () => {},
    serve: async (context) => serve(context),
    refuse: ({ status }: Problem) => status,
  };
}
