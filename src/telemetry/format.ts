import { escaped } from '../core/escaped.ts';
import type { Entry } from './entry.ts';

/** What Envoy writes for each request unless told otherwise. */
export const ENVOY_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n';

type Value = string | number | undefined;
type Shown = ReadonlySet<string>;
type Read = (entry: Entry, shown: Shown, name: string) => Value;
type Line = (entry: Entry) => string;

/** The operators of a format, each with what it means here. */
export const operators = {
  START_TIME: {
    about: 'When the call began or the request came, in UTC.',
    read: ({ at }) => new Date(at).toISOString(),
  },
  'REQ(name)': {
    about:
      'A header of the request, or `:METHOD`, `:PATH` (without its query) and `:AUTHORITY` (the service called; of a request that came, whom it asked for).',
    read: requestField,
  },
  'RESP(name)': {
    about: 'A header of the answer; `X-ENVOY-UPSTREAM-SERVICE-TIME` is how long the last attempt took.',
    read: answerField,
  },
  PROTOCOL: {
    about: 'The version of HTTP of a request that came; of a call always empty, since any client may be sending.',
    read: ({ protocol }) => protocol,
  },
  RESPONSE_CODE: {
    about: 'The status, or the one that Envoy would have answered; 0 where the answer has none.',
    read: ({ status }) => status,
  },
  RESPONSE_FLAGS: { about: 'Why it failed.', read: ({ flags }) => flags.join(',') || undefined },
  BYTES_RECEIVED: {
    about: 'The length of a request that came, where it says so; of a call always empty.',
    read: (entry) => (entry.direction === 'inbound' ? length(entry.requestHeader('content-length')) : undefined),
  },
  BYTES_SENT: {
    about: 'The length of the answer, where it says so.',
    read: (entry) => length(entry.answerHeader('content-length')),
  },
  DURATION: {
    about: 'Milliseconds until the answer of a call began or it failed; until that to a request had left.',
    read: ({ ms }) => Math.round(ms),
  },
  UPSTREAM_HOST: { about: 'Where the last attempt went.', read: ({ host }) => host },
  UPSTREAM_CLUSTER: { about: 'The service called; of a request that came, empty.', read: ({ cluster }) => cluster },
  UPSTREAM_REQUEST_ATTEMPT_COUNT: { about: 'How many attempts there were.', read: ({ attempts }) => attempts },
  ROUTE_NAME: { about: 'The route, where it is known.', read: ({ route }) => route },
  TRACE_ID: { about: 'The trace that it belongs to.', read: ({ traceId }) => traceId },
  DIRECTION: { about: '`outbound` for a call, `inbound` for a request that came.', read: ({ direction }) => direction },
} as const satisfies Readonly<Record<string, { about: string; read: Read }>>;

const OPERATOR = /%([A-Z_]+)(?:\(([^()%]+)\))?(?::(\d+))?%/g;

/** Makes of a format what writes a line of it. @throws TypeError that names what is not known in it. */
export function compile(format: string, shown: Shown): Line {
  const parts: (string | Line)[] = [];
  let from = 0;
  for (const [whole, name, field, most] of format.matchAll(OPERATOR)) {
    const at = format.indexOf(whole, from);
    parts.push(format.slice(from, at), text(reader(name!, field), shown, most === undefined ? MOST : Number(most)));
    from = at + whole.length;
  }
  parts.push(format.slice(from));
  const odd = parts.find((part) => typeof part === 'string' && part.includes('%'));
  if (odd !== undefined) throw new TypeError(`there is no such operator in '${odd}'; there are ${KNOWN}`);
  return (entry) => parts.map((part) => (typeof part === 'string' ? part : part(entry))).join('');
}

const KNOWN = Object.keys(operators).join(', ');
const MOST = 2_048; // characters of any one value

function reader(name: string, field: string | undefined): (entry: Entry, shown: Shown) => Value {
  const operator: { read: Read } | undefined = (operators as Record<string, { read: Read }>)[
    field === undefined ? name : `${name}(name)`
  ];
  if (operator === undefined) throw new TypeError(`there is no operator %${name}%; there are ${KNOWN}`);
  const names = (field ?? '').split('?');
  return (entry, shown) => {
    for (const one of names) {
      const value = operator.read(entry, shown, one.toLowerCase());
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

const text =
  (read: (entry: Entry, shown: Shown) => Value, shown: Shown, most: number): Line =>
  (entry) => {
    const value = read(entry, shown);
    return value === undefined ? '-' : escaped(String(value).slice(0, most));
  };

const FIELDS: Readonly<Record<string, string>> = {
  direction: 'DIRECTION',
  start_time: 'START_TIME',
  method: 'REQ(:METHOD)',
  path: 'REQ(:PATH)',
  protocol: 'PROTOCOL',
  authority: 'REQ(:AUTHORITY)',
  response_code: 'RESPONSE_CODE',
  response_flags: 'RESPONSE_FLAGS',
  bytes_received: 'BYTES_RECEIVED',
  bytes_sent: 'BYTES_SENT',
  duration: 'DURATION',
  upstream_service_time: 'RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)',
  upstream_host: 'UPSTREAM_HOST',
  upstream_cluster: 'UPSTREAM_CLUSTER',
  upstream_request_attempt_count: 'UPSTREAM_REQUEST_ATTEMPT_COUNT',
  route_name: 'ROUTE_NAME',
  trace_id: 'TRACE_ID',
  x_forwarded_for: 'REQ(X-FORWARDED-FOR)',
  user_agent: 'REQ(USER-AGENT)',
  request_id: 'REQ(X-REQUEST-ID)',
};

/** What writes a line of JSON for each; what is not known is null. */
export function jsonLine(shown: Shown): Line {
  const fields = Object.entries(FIELDS).map(([key, operator]) => {
    const [, name, field] = /^([A-Z_]+)(?:\((.+)\))?$/.exec(operator)!;
    return [key, reader(name!, field)] as const;
  });
  return (entry) => {
    const values = fields.map(([key, read]) => [key, read(entry, shown) ?? null] as const);
    const short = values.map(([key, value]) => [key, typeof value === 'string' ? value.slice(0, MOST) : value]);
    return `${plain(JSON.stringify(Object.fromEntries(short)))}\n`;
  };
}

/** The same JSON in signs that no terminal and no reader takes for something else. */
const plain = (json: string): string =>
  json.replaceAll(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);

function requestField(entry: Entry, shown: Shown, name: string): Value {
  if (name === ':method') return entry.method;
  if (name === ':path') return entry.path?.split(/[?#]/, 1)[0];
  if (name === ':authority') return entry.authority;
  return shown.has(name) ? entry.requestHeader(name) : undefined;
}

const SERVICE_TIME = 'x-envoy-upstream-service-time';

function answerField(entry: Entry, shown: Shown, name: string): Value {
  if (name === SERVICE_TIME) return entry.serviceMs === undefined ? undefined : Math.round(entry.serviceMs);
  return shown.has(name) ? entry.answerHeader(name) : undefined;
}

const length = (said: string | undefined): Value =>
  said !== undefined && /^\d{1,15}$/.test(said) ? Number(said) : undefined;
