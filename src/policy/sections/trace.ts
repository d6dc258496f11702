import { flag, number, section } from '../fields.ts';

/** The settings of `trace`. */
export const trace = section('Whether a call belongs to a trace. W3C trace context.', {
  begin: flag({ default: true, about: 'Begins a trace where none led here. One that did is always gone on with.' }),
  sample: number({
    default: 1,
    min: 0,
    max: 1,
    about: 'The share of traces begun here that are marked as sampled, as OpenTelemetry marks all by default.',
  }),
});
