import { choice, flag, section } from '../fields.ts';

/** The settings of `propagate`. */
export const propagate = section('What the headers tell the other side.', {
  trace: flag({
    default: true,
    about: 'Sends the trace as `trace.formats` says, unless the headers have a traceparent already.',
  }),
  baggage: flag({
    default: true,
    about: 'Sends the W3C baggage that came with the request being served, and the priority of the call in it.',
  }),
  deadline: choice({
    default: 'envoy',
    of: ['envoy', 'grpc', 'off'],
    about:
      "Sends the time that is left: 'x-envoy-expected-rq-timeout-ms' (envoy) or 'grpc-timeout' (grpc). Both are read.",
  }),
});
