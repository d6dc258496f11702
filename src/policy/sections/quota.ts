import { choice, duration, integer, section } from '../fields.ts';
import { rate } from '../rate.ts';
import { list, text } from '../rules.ts';

const name = text({
  default: '',
  pattern: /^[A-Za-z0-9][A-Za-z0-9 ._:-]{0,63}$/,
  must: "letters, digits, blanks and '.', '_', ':', '-', 64 at most",
  about: 'What events and refusals call it. Give one: what was used stays with it when the rule changes.',
});

/** The settings of `quota`. */
export const quota = section('How much may be asked for over time. GCRA: no windows, so no edge to burst at.', {
  calls: list({
    about: 'What we may ask of this service. A call counts once, however often it is tried; each rule must let it go.',
    required: ['rate'],
    of: {
      name,
      rate: rate({ default: '100/s', about: 'How many calls within how long.' }),
      burst: integer({
        default: 0,
        min: 0,
        max: 1_000_000,
        about: 'Calls that may go at once; 0 is a tenth of what the rate says, at least 1.',
      }),
      per: choice({
        default: 'service',
        of: ['service', 'route', 'key'],
        about: 'What has a count of its own: the service, each route, or each `key` that calls give.',
      }),
      share: choice({
        default: 'instance',
        of: ['instance', 'fleet'],
        about: 'instance: each process of ours has all of it. fleet: it is divided by those that the registry lists.',
      }),
      mode: choice({
        default: 'reject',
        of: ['off', 'observe', 'reject', 'queue', 'warm-up', 'warm-up-queue'],
        about:
          'observe: only told. reject: refused at once. queue: sent evenly, as each has its turn. warm-up: reject, with a rate that rises from a third to all of it. warm-up-queue: queue, with such a rate.',
      }),
      warmUp: duration({ default: '10s', min: '1s', max: '1h', about: 'How long warm-up takes. Sentinel.' }),
    },
  }),
  pace: choice({
    default: 'off',
    of: ['off', 'observe', 'reject', 'queue'],
    about:
      'What to do when the other side says that little is left (RateLimit, X-RateLimit, Retry-After of a 429). reject: refuses what would get a 429. queue: spreads what is left over its time.',
  }),
  wait: duration({
    default: '500ms',
    max: '5m',
    about: 'How long a call waits for its turn at most; its deadline also counts.',
  }),
  requests: list({
    about: 'What others may ask of this service; each rule must let a request in. Else 429, with when to come again.',
    required: ['rate'],
    of: {
      name,
      rate: rate({ default: '100/s', about: 'How many requests within how long.' }),
      burst: integer({
        default: 0,
        min: 0,
        max: 1_000_000,
        about: 'Requests that may come at once; 0 is as many as the rate says.',
      }),
      per: choice({
        default: 'principal',
        of: ['all', 'principal', 'route', 'address', 'header', 'claim'],
        about:
          'What has a count of its own: the service as a whole, or each principal (as proven), route, address of the connection (of IPv6, the network of 64 bits), value of a header or of a claim. All of whom it is not known share one: so do all routes of Express and Koa that the policy does not name, which are known only later.',
      }),
      of: text({
        default: '',
        pattern: /^[A-Za-z0-9_.:/-]{1,128}$/,
        must: "the name of a header or a claim: letters, digits and '_', '.', ':', '/', '-', 128 at most",
        about: 'The name of the header or claim.',
      }),
      share: choice({
        default: 'instance',
        of: ['instance', 'fleet', 'redis'],
        about:
          'instance: each process has all of it. fleet: divided by those that the registry lists. redis: one count for all; while Redis is away, as fleet.',
      }),
      mode: choice({ default: 'enforce', of: ['off', 'observe', 'enforce'], about: 'observe: only told.' }),
    },
  }),
});
