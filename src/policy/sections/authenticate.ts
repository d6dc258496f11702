import { choice, duration, section } from '../fields.ts';
import { text, texts } from '../rules.ts';

/** The settings of `authenticate`. */
export const authenticate = section(
  'How we prove who we are to a service called. Keys and secrets are no policy: see `createMesh({ identity })`. A certificate is shown to whoever asks for one.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'token', 'signature'],
      about:
        'token: a short-lived one, made for this service, as `Authorization: Bearer`. signature: each request is signed (RFC 9421) with the secret shared with it.',
    }),
    audience: text({
      default: '',
      must: "a text such as 'https://orders.example'",
      about: 'Whom a token is for. Empty: the name of the service called.',
    }),
    lifetime: duration({
      default: '5m',
      min: '10s',
      max: '24h',
      about: 'For how long a token is good that we make ourselves. The next is made when a fifth of that is left.',
    }),
    peers: texts({
      pattern: /^spiffe:\/\/[a-z0-9._-]+\/\S*$/,
      must: "a list of SPIFFE IDs such as ['spiffe://prod.example/orders']",
      about:
        'SPIFFE IDs of which the certificate of the service must have one; without TLS it is not called. Empty: it must name the host, as usual.',
    }),
  },
);
