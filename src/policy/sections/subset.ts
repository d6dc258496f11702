import { choice, section } from '../fields.ts';
import { labels } from '../rules.ts';

/** The settings of `subset`. */
export const subset = section('Which endpoints a call may go to at all, by what their records say.', {
  labels: labels({
    about:
      'Only endpoints whose metadata has all of these: `{ "version": "v2" }`. `zone` stands for the zone. Empty: all endpoints.',
    most: 8,
  }),
  fallback: choice({
    default: 'none',
    of: ['none', 'any'],
    about: 'When no endpoint has the labels. none: the call fails (UNAVAILABLE). any: it goes to any endpoint.',
  }),
});
