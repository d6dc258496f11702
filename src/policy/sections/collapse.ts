import { choice, integer, section } from '../fields.ts';
import { texts } from '../rules.ts';

/** The settings of `collapse`. */
export const collapse = section(
  'Whether the same GET or HEAD, asked for several times at once, is sent once. For mesh.request, mesh.fetch and axios.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'on'],
      about: 'on: who asks for what is being asked for already gets a copy of that answer.',
    }),
    bytes: integer({
      default: 262_144,
      min: 0,
      max: 16_777_216,
      about:
        'The longest answer that is copied. Where it is longer, the first gets it, and the others ask for themselves.',
    }),
    waiters: integer({
      default: 1_000,
      min: 2,
      max: 100_000,
      about: 'Calls that wait for one answer, at most. Those beyond ask for themselves.',
    }),
    ignore: texts({
      about:
        'Headers that change nothing about the answer, by lower-case name. Requests are the same when method, path and all their headers are, but for those that only trace.',
      must: 'a list of header names in lower case',
      pattern: /^[!#$%&'*+.^_`|~0-9a-z-]+$/,
    }),
  },
);
