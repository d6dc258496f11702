import { choice, integer, section } from '../fields.ts';

/** The settings of `shed`. */
export const shed = section(
  'When a service that is called too much refuses requests, so that those it serves end in time.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'observe', 'enforce'],
      about:
        'observe: tells what it would refuse. enforce: answers 503 with a nack, by which clients know to ask another at once.',
    }),
    limit: integer({
      default: 256,
      min: 0,
      max: 1_000_000,
      about:
        'Requests that one instance serves at the same time. A route may have a limit of its own in the same count.',
    }),
  },
);
