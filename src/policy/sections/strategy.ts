import { choice, duration, integer, number, section } from '../fields.ts';

/** The settings of `strategy`. */
export const strategy = section(
  "What is done about a call that fails, in one word, as Dubbo's clusters have it. A call may say its own: `strategy`.",
  {
    mode: choice({
      default: 'failover',
      of: ['failover', 'failfast', 'failsafe', 'failback', 'forking', 'broadcast'],
      about:
        'failover: tried again elsewhere, as `retry` and `hedge` say. failfast: tried once. failsafe: comes to nothing instead (undefined, or an empty 204). failback: as failsafe, and tried again later. forking: sent to two endpoints at once, the first good answer wins. broadcast: sent to every endpoint.',
    }),
    queue: integer({
      default: 100,
      min: 1,
      max: 100_000,
      about: 'failback: calls that wait to be tried again, at most; those beyond fail.',
    }),
    every: duration({ default: '5s', min: '10ms', max: '1h', about: 'failback: how long until each of these tries.' }),
    tries: integer({ default: 3, min: 1, max: 100, about: 'failback: how often, then it is given up.' }),
    enough: number({
      default: 1,
      min: 0,
      max: 1,
      about: 'broadcast: the share of the endpoints that must answer well; at least one must.',
    }),
  },
);
