import { duration, integer, number, section } from '../fields.ts';

/** The settings of `outlier`. */
export const outlier = section('When an endpoint that keeps failing is left out for a while (outlier detection).', {
  failures: integer({
    default: 5,
    min: 0,
    max: 1_000,
    about: 'Failures in a row until it is left out; 0 counts none.',
  }),
  successRate: number({
    default: 0,
    min: 0,
    max: 1,
    about:
      'Left out when a smaller share than this of its calls within 10 s went well, of 5 at least; 0 counts none. A 429 did not. Linkerd: 0.8.',
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
  enforce: number({
    default: 1,
    min: 0,
    max: 1,
    about: 'The share of those found that are left out, by chance. 0 only finds and tells (shadow mode).',
  }),
});
