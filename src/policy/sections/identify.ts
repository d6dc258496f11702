import { choice, flag, section } from '../fields.ts';
import { texts } from '../rules.ts';

/** The settings of `identify`. */
export const identify = section(
  'How it is found out who sends a request: by a token, a certificate, a signature, or by the word of a forwarder. Keys and secrets are no policy: see `createMesh({ identity })`.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'observe', 'enforce'],
      about:
        'observe: who sends is known and told, and nobody refused. enforce: what is shown and proves nothing is refused (401).',
    }),
    required: flag({
      default: false,
      about: 'Who shows nothing is refused as well. Else they are anonymous, and `authorize` decides.',
    }),
    audiences: texts({
      about: 'A token must be for one of these. Empty: for the name of this service.',
    }),
    issuers: texts({
      about: 'Issuers whose tokens are believed, of those whose keys there are. Empty: all of these.',
    }),
    trustDomains: texts({
      pattern: /^[a-z0-9._-]{1,255}$/,
      must: "a list of SPIFFE trust domains such as ['prod.example']",
      about: 'SPIFFE trust domains whose certificates are believed. Empty: that of our own certificate.',
    }),
    forwarders: texts({
      about:
        'Names of those who, having proven who they are, may say for whom they call: by `x-forwarded-client-cert`, as Envoy does, or, as `client-cert:NAME`, by `client-cert` (RFC 9440). Handlers see such headers from nobody else while this is enforced.',
    }),
  },
);
