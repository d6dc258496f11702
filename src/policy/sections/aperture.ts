import { choice, integer, section } from '../fields.ts';

/** The settings of `aperture`. */
export const aperture = section(
  'How many endpoints of a large service one process calls, so that it keeps few connections.',
  {
    mode: choice({
      default: 'ring',
      of: ['ring', 'rendezvous', 'off'],
      about:
        'ring: our part of a ring, by our place among the listed instances of our own service, so that all together load the endpoints evenly; all endpoints while we are not listed. rendezvous: some by the hash of who we are; needs no list, and is less even. off: all endpoints.',
    }),
    size: integer({
      default: 15,
      min: 2,
      max: 10_000,
      about: 'Endpoints called, at most; more where our instances are so few that some would be called by nobody.',
    }),
    above: integer({
      default: 100,
      min: 1,
      max: 1_000_000,
      about: 'Services of so many endpoints, or fewer, are called whole; so are those whose picker goes by keys.',
    }),
  },
);
