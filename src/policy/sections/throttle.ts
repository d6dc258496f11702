import { choice, number, section } from '../fields.ts';

/** The settings of `throttle`. */
export const throttle = section(
  'When a service refuses much (503, 429, a nack), a share of the calls to it is not made. Client-side throttling, after the SRE book.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'observe', 'enforce'],
      about: 'observe: tells which calls it would refuse. enforce: refuses them.',
    }),
    ratio: number({
      default: 2,
      min: 1,
      max: 10,
      about:
        'How many times what is accepted may be asked for, within 10 s. What is `critical` may ask for twice as much, what is `sheddable` for half; all for 1.25 times at least, or there would be no way back.',
    }),
    most: number({
      default: 0.9,
      min: 0,
      max: 0.99,
      about: 'The largest share of calls that is not made; the rest tries whether the service is well again.',
    }),
  },
);
