import { choice, duration, flag, integer, section } from '../fields.ts';
import { group, labels, text } from '../rules.ts';

/** The settings of `fallback`. */
export const fallback = section(
  'What a call comes to that failed after all retries. For mesh.request, mesh.fetch and axios; `mesh.call` has its option of this name.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'answer', 'last-good'],
      about:
        'answer: the one below. last-good: the last good answer to the same GET or HEAD, where its headers and the request let it be kept for many (RFC 9111); else the one below, if it has a status.',
    }),
    answer: group({
      about: 'An answer that nobody gave.',
      of: {
        status: integer({ default: 0, min: 0, max: 599, about: 'Its status; 0 is no answer.' }),
        headers: labels({ about: 'Its headers.' }),
        body: text({ default: '', about: 'Its body.', max: 65_536 }),
      },
    }),
    stale: duration({
      default: '5m',
      about: 'How long an answer can be used so after it was fresh, where it does not say so itself (stale-if-error).',
    }),
    fresh: flag({
      default: false,
      about:
        'Whether an answer is given without asking while its headers call it fresh, and while a newer one is fetched where they allow that (stale-while-revalidate).',
    }),
    entries: integer({
      default: 1_000,
      min: 1,
      max: 1_000_000,
      about: 'Answers kept of the service, at most, whatever its routes say.',
    }),
    bytes: integer({
      default: 8_388_608,
      min: 4_096,
      max: 1_073_741_824,
      about: 'Bytes that these may have, whatever its routes say. One that has more than a quarter of it is not kept.',
    }),
  },
);
