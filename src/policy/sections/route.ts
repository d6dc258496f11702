import { number, section } from '../fields.ts';
import { SERVICE_NAME } from '../names.ts';
import { labels, list, text, texts } from '../rules.ts';

/** The settings of `route`. */
export const route = section('Which service, or which of its endpoints, a call goes to in the end.', {
  rules: list({
    about:
      'The first that fits decides. Where none does, a call goes where it was sent. All that a rule says must hold.',
    required: ['to'],
    of: {
      name: text({ default: '', max: 64, about: 'What events and `explain` call it.' }),
      method: text({ default: '', pattern: /^[A-Z]{1,20}$/, must: "a method such as 'GET'", about: 'The method.' }),
      path: text({
        default: '',
        pattern: /^(?!.*\/(?::|\*{1,2}(?:\/|$)))\/\S*$/,
        must: "a path such as '/orders/{id}' or '/files/{rest*}'",
        about: 'The path, as routes are written: `{x}` is one segment, `{x*}` at the end the rest.',
      }),
      headers: labels({ about: "Headers of the call, by lower-case name, and what they must be; '*' is anything." }),
      query: labels({ about: "Parameters of the query and what they must be; '*' is anything." }),
      to: list({
        about: 'Where calls go, by weight.',
        most: 16,
        of: {
          service: text({
            default: '',
            pattern: SERVICE_NAME,
            must: 'a name of a service',
            about: 'The service; empty is the one that was called.',
          }),
          labels: labels({ about: 'Only its endpoints whose metadata has all of these (`subset`).', most: 8 }),
          weight: number({ default: 1, min: 0, max: 1_000_000, about: 'How much of the calls beside the others.' }),
        },
      }),
    },
  }),
  by: text({
    default: '',
    pattern: /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/,
    must: 'a name of a header in lower case',
    about:
      'What keeps calls of one kind on one side of a split: the value of this header. Empty: the `key` of the call, or chance where it has none.',
  }),
  callers: texts({
    about:
      "Who may send calls elsewhere by the baggage `inmesh.route=orders:orders-pr-7` of the request being served: principals, as proven. '*' is anybody. From others it is taken away.",
  }),
});
