import { choice, duration, integer, section } from '../fields.ts';

/** The settings of `shed`. */
export const shed = section(
  'When a service that is called too much refuses requests, so that those it serves end in time. What is `critical` may fill the limit twice, what is `sheddable` half of it.',
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
    algorithm: choice({
      default: 'fixed',
      of: ['fixed', 'gradient', 'gradient2', 'vegas', 'aimd'],
      about:
        "fixed: the limit is as said. The others learn it from how long answers take, from 1 up to what is said. gradient: Envoy's adaptive concurrency, the one to begin with. gradient2, vegas, aimd: Netflix's.",
    }),
    queue: integer({
      default: 0,
      min: 0,
      max: 10_000,
      about: 'Requests that may wait to be let in, the most important first; the others are refused at once.',
    }),
    wait: duration({ default: '5ms', min: '1ms', max: '1m', about: 'How long a request may wait so.' }),
    lag: duration({
      default: 'off',
      off: true,
      min: '1ms',
      max: '1m',
      about:
        'How late a request may begin while the event loop is busy, by what holds it up and what waits; later ones are refused before any of them begins. An eighth of it for what is `sheddable`, eight times for what is `critical`. For handlers that compute; 5ms is a good one.',
    }),
  },
);
