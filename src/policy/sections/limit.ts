import { choice, duration, integer, section } from '../fields.ts';

/** The settings of `limit`. */
export const limit = section(
  'How many attempts may be under way to a service at the same time. What is `critical` may fill a limit twice, what is `sheddable` half of it.',
  {
    endpoint: integer({
      default: 0,
      min: 0,
      max: 1_000_000,
      about: 'At one endpoint; where it is full, others are asked. 0 sets no limit.',
    }),
    service: integer({
      default: 0,
      min: 0,
      max: 1_000_000,
      about: 'At all of its endpoints together. 0 sets no limit.',
    }),
    algorithm: choice({
      default: 'fixed',
      of: ['fixed', 'aimd', 'gradient', 'gradient2', 'vegas'],
      about:
        "fixed: the limits are as said. The others learn them, from 1 up to what is said. gradient: from refusals, timeouts and how long answers take, as Envoy does; the one to begin with. aimd: from refusals and timeouts alone, for servers that refuse what is too much. gradient2, vegas: Netflix's.",
    }),
    queue: integer({
      default: 0,
      min: 0,
      max: 100_000,
      about: 'Attempts that may wait for room, the most important first; the others are refused at once.',
    }),
    wait: duration({
      default: '1s',
      min: '1ms',
      max: '5m',
      about: 'How long an attempt may wait so; the deadline of the call may end it sooner.',
    }),
    order: choice({
      default: 'fifo',
      of: ['fifo', 'lifo'],
      about:
        'Which of those that wait goes first, of equal importance. fifo: the first that came. lifo: the last, so that under overload some are served in time; the oldest gives way.',
    }),
  },
);
