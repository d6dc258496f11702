import { duration, integer, number, section } from '../fields.ts';

/** The settings of `fleet`. */
export const fleet = section(
  'When an endpoint that does worse than the others is left out, though it never fails often enough in a row. gRFC A50.',
  {
    interval: duration({
      default: 'off',
      off: true,
      min: '1s',
      about: 'How often the endpoints are compared, by the calls made meanwhile. gRPC and Envoy: 10s.',
    }),
    deviations: number({
      default: 1.9,
      min: 0,
      max: 100,
      about:
        'Left out when its success rate is more standard deviations than this below the mean of all; 0 does not compare.',
    }),
    failing: number({
      default: 0.85,
      min: 0,
      max: 1,
      about: 'Left out when a larger share of its calls than this fails, however the others do; 1 never.',
    }),
    hosts: integer({ default: 5, min: 1, max: 1_000, about: 'Endpoints with enough calls that there must be.' }),
    volume: integer({ default: 100, min: 1, max: 1_000_000, about: 'Calls within the interval that are enough.' }),
    maxEjected: number({
      default: 1,
      min: 0.01,
      max: 1,
      about:
        'Nobody is put out when this share is, for whatever reason. One may always be, and never the last that is left.',
    }),
  },
);
