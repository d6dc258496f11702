import type { Wire } from '../../src/core/incoming.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import type { RequestContext } from '../../src/server/request-context.ts';

/** What is to be said of a request that comes; the rest is as of a plain GET. */
export interface Coming extends Partial<Omit<Arrival, 'serve'>> {
  /** The address of the other end. */
  readonly peer?: string;
  readonly serve?: (context: RequestContext) => unknown;
}

/** A request that has come in without a server: answered with what `serve` gives, or with the status of the refusal. */
export const anArrival = ({ peer = '', serve = () => 'served', ...more }: Coming = {}): Arrival => ({
  request: {},
  method: 'GET',
  path: '/',
  template: undefined,
  headers: {},
  wire: wireOf(peer),
  onHangUp: () => {},
  refuse: ({ status }) => status,
  ...more,
  serve: async (context) => serve(context),
});

const wireOf = (peer: string): Wire => ({
  secure: false,
  protocol: '1.1',
  peer,
  status: 0,
  whole: true,
  header: () => undefined,
  onEnd: () => false,
});
