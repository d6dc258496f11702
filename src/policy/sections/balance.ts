import { choice, duration, number, section } from '../fields.ts';

/** The settings of `balance`. */
export const balance = section(
  'Which endpoint a call goes to. Health comes first; among the healthy the picker chooses.',
  {
    picker: choice({
      default: 'p2c',
      of: ['p2c', 'least-request', 'round-robin', 'weighted-round-robin', 'random', 'ring-hash', 'maglev'],
      about:
        'p2c: of two by chance the better by peak EWMA latency and calls in flight. least-request: by calls in flight alone. round-robin: each in turn, whatever its weight. weighted-round-robin: each in turn, exactly as often as its weight says. random: by weight. ring-hash, maglev: calls of one `key` go to one endpoint, placed as Envoy places them.',
    }),
    load: choice({
      default: 'off',
      of: ['off', 'orca'],
      about:
        'orca: weighted-round-robin weighs endpoints by the load that their answers tell (`endpoint-load-metrics`, or `endpoint-load-metrics-bin`): requests a second for all that is used, as gRPC does. off: by the weight of their records.',
    }),
    decay: duration({
      default: '10s',
      min: '10ms',
      about: 'How long a latency is remembered: after this long a peak has faded to 37 %.',
    }),
    penalty: duration({
      default: '1s',
      about: 'A failure counts as an answer that took this long, so that failing fast attracts no traffic.',
    }),
    panic: number({
      default: 0.5,
      min: 0,
      max: 1,
      about:
        'When a smaller share of the endpoints than this is healthy, health is ignored and all are used. 0 never does.',
    }),
    warmUp: duration({
      default: 'off',
      off: true,
      min: '1s',
      about:
        'How long an endpoint that comes to others takes to its full weight, from a tenth of it on (slow start). For pickers that go by weight.',
    }),
  },
);
