import { number, section } from '../fields.ts';
import { text } from '../rules.ts';

/** The settings of `hash`. */
export const hash = section('What `ring-hash` and `maglev` go by, and how far they may load one endpoint.', {
  key: text({
    default: '',
    must: "one of 'path', 'header:', 'cookie:' and 'query:', the last three with a name: 'header:x-user'",
    pattern: /^(?:path|(?:header|cookie|query):[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128})$/,
    about:
      'Where the key of a call is, unless the caller says one: `path` (without its query), `header:x-user`, `cookie:session`, `query:user`. A call without it has no key, and goes by chance and weight.',
  }),
  bound: number({
    default: 0,
    min: 0,
    max: 100,
    about:
      'An endpoint with so many times its share of the calls under way (1.25 is usual) is spared: the call goes to another, the same for each key while it is free. Below 1 nothing is bounded.',
  }),
});
