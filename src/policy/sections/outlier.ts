import { duration, integer, section } from '../fields.ts';

/** The settings of `outlier`. */
export const outlier = section('When an endpoint that keeps failing is left out for a while (outlier detection).', {
  failures: integer({
    default: 5,
    min: 0,
    max: 1_000,
    about: 'Failures in a row until it is left out; 0 switches it off.',
  }),
  ejection: duration({
    default: '5s',
    min: '1ms',
    about: 'How long the first time, less up to half by chance. Doubles each time.',
  }),
  maxEjection: duration({ default: '5m', min: '1ms', about: 'The doubling stops here.' }),
  forget: duration({
    default: '30s',
    min: '1ms',
    about: 'Each such time in rotation takes one doubling back. What was learnt fades; it does not reset.',
  }),
});
