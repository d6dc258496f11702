import { parseCidr } from '../cidr.ts';
import { choice, flag, section } from '../fields.ts';
import { labels, list, type Together, text, texts, textsByName, textsIfSaid } from '../rules.ts';

const principals = "a list of names such as 'checkout', 'spiffe://prod/*', '*' (anybody proven); a * only at one end";
const NAME = /^(?:\*|\*?[^*]+|[^*]+\*)$/;
const methods = "a list of methods such as 'GET'";
const METHOD = /^[A-Z][A-Z-]*$/;
// What stands anywhere else would be a sign like any other, and the rule would speak of less than it says. So would what
// no request is read as: slashes that stand together, `.` and `..`, and what is escaped without need. Nor is a segment
// named as Express names it, `:id`, which nobody means to the letter.
const PATH =
  /^(?!.*\/(?:\/|:|\.\.?(?:\/|$)))[/*](?:[^\s*{}%;?#\\]|%(?:2[02]|3[ce]|5[be]|60|7c|[89A-Fa-f][\dA-Fa-f])|\{[^\s*{}/]*\})*(?:\*|\{[^\s*{}/]*\*\})?$/;
const paths = "a list of paths such as '/orders', '/orders/{id}', '/admin/*', '*.json', in plain spelling";
const addresses = "a list of addresses such as '10.0.0.0/8', 'fd00::/8', '10.1.2.3'";
const value = "text such as 'a', 'a*', '*a', '*' (any value); a * only at one end";
const values = "text such as 'a', 'a*', '*a', '*' (any value), or a list of such; a * only at one end";
const aClaim = { pattern: NAME, must: value, name: /[\s\S]/, named: 'the name of a claim' };
const aHeader = {
  pattern: NAME,
  must: value,
  name: /^:?[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, // of HTTP/2 those before the fields, too
  named: "the name of a header, such as 'x-env'",
};
const isAddress = (value: string): boolean => parseCidr(value) !== undefined;

/**
 * One rule of `authorize`: it speaks of a request when all that it says of it is so. A list that is empty, since nobody
 * stood in what it was made of, is not one that was left out: it would open to all what was meant for none.
 */
const rule = {
  name: text({
    default: '',
    about: 'What it is called in events, counts and `explain`; its place in the list unless told.',
  }),
  action: choice({
    default: 'allow',
    of: ['allow', 'deny', 'audit', 'custom'],
    about:
      'custom: asks `check`. deny: refuses. allow: lets in; where there is such a rule, who fits none is refused. audit: tells.',
  }),
  observe: flag({ default: false, about: 'Tells what it would change, and changes nothing.' }),
  principals: textsIfSaid({
    about:
      'Who calls, as proven: exactly, by prefix or by suffix. An empty list is nobody, as any that is said and empty.',
    pattern: NAME,
    must: principals,
  }),
  notPrincipals: texts({ about: 'Who must not be the one who calls.', pattern: NAME, must: principals }),
  issuers: textsIfSaid({
    about: 'Who vouches for who calls: the issuer of the token, the trust domain of the certificate.',
  }),
  claims: labels({
    about: 'What the token must say: a text, one of a list, or one of the words of `scope`; `*` for anything at all.',
    each: aClaim,
  }),
  notClaims: textsByName({
    about:
      'What the token must not say: to each claim a text, or a list none of which it may say. An allow is for who has the claim and says something else; what is no allow is for who does not have it, too.',
    each: { ...aClaim, must: values },
  }),
  methods: textsIfSaid({
    about: 'The methods. In a deny they are so in any case, and GET stands for HEAD, too.',
    pattern: METHOD,
    must: methods,
  }),
  notMethods: texts({ about: 'The methods that it does not speak of.', pattern: METHOD, must: methods }),
  paths: textsIfSaid({
    about: 'The paths without their query: exactly, by template, prefix or suffix.',
    pattern: PATH,
    must: paths,
  }),
  notPaths: texts({ about: 'The paths that it does not speak of.', pattern: PATH, must: paths }),
  headers: labels({
    about:
      'Headers by lower-case name: exactly, by prefix (`a*`) or suffix; `*` for any value. `host` is for `:authority` of HTTP/2, too.',
    each: aHeader,
  }),
  notHeaders: textsByName({
    about:
      'Headers that it must not have: to each name a text, or a list none of which may be its value. An allow is for who sends the header with another value; what is no allow is for who does not send it, too.',
    each: { ...aHeader, must: values },
  }),
  addresses: textsIfSaid({ about: 'Where the connection comes from.', fits: isAddress, must: addresses }),
  notAddresses: texts({ about: 'Where it must not come from.', fits: isAddress, must: addresses }),
} as const;

const NO_ANY = { not: { anyOf: [{ const: '*' }, { type: 'array', contains: { const: '*' } }] } };
const OTHERS = ['notClaims', 'notHeaders'] as const;

/**
 * An allow lets in who has a header or claim that is another, so that nobody is let in by leaving it out, nor by a name
 * that the policy has wrong. One that must be no value at all would be for nobody: what was meant is a deny.
 */
const together: Together<
  { readonly action: string } & Readonly<Record<(typeof OTHERS)[number], Readonly<Record<string, readonly string[]>>>>
> = {
  problem(rule) {
    if (rule.action !== 'allow') return undefined;
    for (const field of OTHERS) {
      const found = Object.entries(rule[field]).find(([, listed]) => listed.includes('*'));
      if (found === undefined) continue;
      const kind = field === 'notClaims' ? 'claims' : 'headers';
      return `.${field}.${found[0]}: an allow is for who has it with another value, so '*' would be for nobody; deny ${kind}: { '${found[0]}': '*' }`;
    }
    return undefined;
  },
  json: {
    if: { type: 'object', properties: { action: { const: 'allow' } } },
    // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema, and nothing that anybody awaits
    then: {
      type: 'object',
      properties: Object.fromEntries(OTHERS.map((field) => [field, { type: 'object', additionalProperties: NO_ANY }])),
    },
  },
};

/** The settings of `authorize`. */
export const authorize = section('Who may ask this service for what. Rules of Istio’s and Envoy’s kind.', {
  mode: choice({
    default: 'off',
    of: ['off', 'observe', 'enforce'],
    about: 'observe: tells what would be refused, and refuses nothing. enforce: answers 403.',
  }),
  otherwise: choice({
    default: 'allow',
    of: ['allow', 'deny'],
    about: 'What becomes of a request that no rule refuses, where no rule allows anything.',
  }),
  rules: list({
    about: 'Asked in this order of actions: custom, deny, allow; audit tells besides.',
    of: rule,
    together,
  }),
  check: text({
    default: '',
    about:
      'Where rules of action `custom` ask: a URL whose host is the name of a service, such as `http://authz/check`.',
    pattern: /^http:\/\/[a-z0-9][a-z0-9._-]*(?::\d+)?\/\S*$/,
    must: "a URL such as 'http://authz/check'",
  }),
  whenAway: choice({
    default: 'deny',
    of: ['deny', 'allow'],
    about: 'What becomes of a request when `check` does not answer within 200 ms.',
  }),
});
