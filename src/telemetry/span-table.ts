import type { spanEvents } from './span-events.ts';

/** An attribute of a span: whether it is always there, and what it says. */
export interface SpanAttribute {
  /** `always`, `known` where that is known, `failed` only then. */
  readonly when: 'always' | 'known' | 'failed';
  readonly about: string;
}

/** What is recorded as a span. */
export interface SpanShape {
  readonly name: string;
  readonly kind: 'internal' | 'client' | 'server';
  readonly about: string;
  readonly attributes: Readonly<Record<string, SpanAttribute>>;
  /** Events in it, as `span-events.ts` has them. */
  readonly events?: readonly (keyof typeof spanEvents)[];
  /** What it links to. */
  readonly links?: string;
}

const METHOD = { when: 'known', about: 'The method; `_OTHER` for one that nobody knows.' } as const;
const ORIGINAL = { when: 'known', about: 'The method as it was written, where it is `_OTHER`.' } as const;
const STATUS = { when: 'known', about: 'The status of the answer.' } as const;
const FLAGS = { when: 'failed', about: 'Why, in the letters of the access log.' } as const;

/** Every span there is: the reference and the tests come from here. */
export const spanTable = {
  call: {
    name: '`mesh.call {service}`',
    kind: 'internal',
    about: 'A call, whole: its retries and waits and all.',
    attributes: {
      'inmesh.service': { when: 'always', about: 'The service called.' },
      'inmesh.outcome': { when: 'always', about: '`success`, `failure`, or `none` for no verdict.' },
      'inmesh.attempts': { when: 'always', about: 'Attempts made.' },
      'inmesh.response_flags': FLAGS,
      'inmesh.not_retried': {
        when: 'failed',
        about:
          'Why its last attempt was not tried again: `policy`, `unsafe`, `unrepeatable`, `final`, `attempts`, `deadline` or `budget`; not there where that was no question.',
      },
      'inmesh.retries_left': {
        when: 'failed',
        about: 'Retries that the budget had left then. Beside `inmesh.not_retried`.',
      },
      'error.type': { when: 'failed', about: 'The status, the code of the error or the reason of the mesh.' },
    },
    events: [
      'retry',
      'retry-budget',
      'hedge',
      'hedge-budget',
      'ejected',
      'returned',
      'circuit',
      'quota',
      'limit',
      'throttle',
      'fallback',
      'injected',
    ],
  },
  attempt: {
    name: '`{method} {template}`, or `{method}`; `HTTP` for methods that nobody knows, the service where none is',
    kind: 'client',
    about: 'One attempt of a call.',
    attributes: {
      'inmesh.service': { when: 'always', about: 'The service called.' },
      'server.address': { when: 'always', about: 'The host of the endpoint.' },
      'server.port': { when: 'always', about: 'Its port.' },
      'http.request.method': METHOD,
      'http.request.method_original': ORIGINAL,
      'url.full': { when: 'known', about: 'Where it was sent, without the query, which may hold secrets.' },
      'url.template': { when: 'known', about: 'The template of the route.' },
      'http.request.resend_count': { when: 'known', about: '1 for the first retry.' },
      'inmesh.passed_over': { when: 'known', about: 'Who was not chosen and why, as words; at most five are named.' },
      'inmesh.waited_ms': { when: 'known', about: 'What the call waited just before it, in milliseconds.' },
      'http.response.status_code': STATUS,
      'error.type': { when: 'failed', about: 'The status, the code of the error or the reason of the mesh.' },
    },
    links: 'A hedge links to the attempt that it is made beside, with `inmesh.link` = `hedge`.',
  },
  request: {
    name: '`{method} {route}`, or `{method}`; `HTTP` for methods that nobody knows',
    kind: 'server',
    about:
      'A request that came in by the mesh, let in or not. None where OpenTelemetry records it already: then its span gets `http.route` and `inmesh.response_flags`.',
    attributes: {
      'http.request.method': { ...METHOD, when: 'always' },
      'http.request.method_original': ORIGINAL,
      'url.path': { when: 'always', about: 'The path, without the query.' },
      'url.scheme': { when: 'always', about: 'That of the connection.' },
      'http.route': { when: 'known', about: 'The template of the route, as the policy or the framework names it.' },
      'server.address': { when: 'known', about: 'Whom it asked for, by its `Host`.' },
      'server.port': { when: 'known', about: 'The same.' },
      'client.address': { when: 'known', about: 'Who is at the other end of the connection.' },
      'user_agent.original': { when: 'known', about: 'What the caller says that it is.' },
      'network.protocol.version': { when: 'known', about: 'The version of HTTP.' },
      'http.response.status_code': STATUS,
      'inmesh.response_flags': FLAGS,
      'error.type': { when: 'failed', about: 'A status from 500 on, the reason of the mesh, or `caller` who hung up.' },
    },
    events: ['refused'],
  },
} as const satisfies Readonly<Record<string, SpanShape>>;
