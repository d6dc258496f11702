import { choice, duration, number, section } from '../fields.ts';

/** The settings of `hedge`. */
export const hedge = section(
  'When a request that takes long is sent to a second endpoint as well; the first good answer wins (hedging). Only what is idempotent and can be sent again ever is.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'quantile', 'delay', 'fork'],
      about:
        'quantile: once it takes longer than most answers of the last 30 s took. delay: after a fixed time. fork: at once, whatever the budgets.',
    }),
    quantile: number({
      default: 0.95,
      min: 0.5,
      max: 0.999,
      about: 'How many answers count as most: 0.95 is all but the slowest 5 %. Best a little below 1 less the budget.',
    }),
    delay: duration({
      default: '10ms',
      min: '1ms',
      max: '1m',
      about: 'The fixed time; with quantile, the shortest there may be.',
    }),
    budget: number({
      default: 0.05,
      min: 0,
      max: 1,
      about:
        'Second requests allowed for each first one within 10 s: 0.05 is 5 % more load. Each draws on the retry budget too.',
    }),
  },
);
