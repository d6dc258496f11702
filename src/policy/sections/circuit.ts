import { choice, duration, integer, number, section } from '../fields.ts';

/** The settings of `circuit`. */
export const circuit = section(
  'When a service that keeps failing, wherever it is asked, is not called for a while. Opossum.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'observe', 'enforce', 'open', 'closed'],
      about:
        'observe: counts and tells, and refuses nothing. enforce: refuses calls while it is open. open: refuses all. closed: lets all through, whatever a circuit of yours says.',
    }),
    threshold: number({
      default: 0.5,
      min: 0.01,
      max: 1,
      about: 'Opens when at least this share of the calls fails, all their retries counted as one call.',
    }),
    volume: integer({ default: 20, min: 5, max: 1_000_000, about: 'Calls in the window before it may open.' }),
    window: duration({ default: '10s', min: '100ms', about: 'How far back it looks, to a tenth of this.' }),
    open: duration({
      default: '5s',
      min: '1ms',
      about: 'How long it stays open, less up to half by chance. Then one call tries whether the service is well.',
    }),
    slow: duration({
      default: 'off',
      off: true,
      min: '1ms',
      about: 'An answer that took longer counts as a failure here. The caller gets it all the same.',
    }),
  },
);
