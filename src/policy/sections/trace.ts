import { flag, number, section } from '../fields.ts';
import { texts } from '../rules.ts';

/** The settings of `trace`. */
export const trace = section('Whether a call belongs to a trace, and how others are told of it.', {
  formats: texts({
    default: ['w3c'],
    about:
      'How traces travel: w3c (traceparent, tracestate), b3, b3-multi (Zipkin). Read in this order, the first that is there; all are sent.',
    pattern: /^(?:w3c|b3|b3-multi)$/,
    most: 3,
    must: "a list of 'w3c', 'b3', 'b3-multi'",
  }),
  begin: flag({ default: true, about: 'Begins a trace where none led here. One that did is always gone on with.' }),
  sample: number({
    default: 1,
    min: 0,
    max: 1,
    about: 'The share of traces begun here that are marked as sampled, as OpenTelemetry marks all by default.',
  }),
});
