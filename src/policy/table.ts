import {
  choice,
  duration,
  flag,
  type Infer,
  type InferDocument,
  integer,
  number,
  section,
  statuses,
} from './fields.ts';

/**
 * Every setting there is. From this one table come the types, the defaults, the checks, the JSON Schema, the reference
 * page and what `explain` says. A section is named after the slot of the stack that reads it.
 */
export const table = {
  trace: section('Whether a call belongs to a trace. W3C trace context.', {
    begin: flag({ default: true, about: 'Begins a trace where none led here. One that did is always gone on with.' }),
    sample: number({
      default: 1,
      min: 0,
      max: 1,
      about: 'The share of traces begun here that are marked as sampled, as OpenTelemetry marks all by default.',
    }),
  }),
  deadline: section('How long a whole call may take, retries and waits and all.', {
    timeout: duration({
      default: '10s',
      min: '1ms',
      about: 'From the call to its answer. A shorter deadline of the request being served wins.',
    }),
    inherit: flag({
      default: true,
      about: 'Calls made while serving a request get what is left of its deadline, where that is less.',
    }),
    expired: choice({
      default: 'enforce',
      of: ['off', 'observe', 'enforce'],
      about:
        'Requests to this service whose deadline is past when they come. observe: told, and served. enforce: refused (504).',
    }),
    refuse: number({
      default: 0.2,
      min: 0,
      max: 1,
      about:
        'The share of all requests within 10 s that may be refused so: where more come late, it is a clock that is wrong.',
    }),
  }),
  shed: section('When a service that is called too much refuses requests, so that those it serves end in time.', {
    mode: choice({
      default: 'off',
      of: ['off', 'observe', 'enforce'],
      about:
        'observe: tells what it would refuse. enforce: answers 503 with a nack, by which clients know to ask another at once.',
    }),
    limit: integer({
      default: 256,
      min: 0,
      max: 1_000_000,
      about:
        'Requests that one instance serves at the same time. A route may have a limit of its own in the same count.',
    }),
  }),
  circuit: section('When a service that keeps failing, wherever it is asked, is not called for a while. Opossum.', {
    mode: choice({
      default: 'off',
      of: ['off', 'observe', 'enforce', 'open'],
      about:
        'observe: counts and tells, and refuses nothing. enforce: refuses calls while it is open. open: refuses all.',
    }),
    threshold: number({
      default: 0.5,
      min: 0.01,
      max: 1,
      about: 'Opens when at least this share of the calls fails, all their retries counted as one call.',
    }),
    volume: integer({ default: 20, min: 5, max: 1_000_000, about: 'Calls in the window before it may open.' }),
    window: duration({ default: '10s', min: '100ms', about: 'How far back it looks, to a tenth of this.' }),
    open: duration({
      default: '5s',
      min: '1ms',
      about: 'How long it stays open, less up to half by chance. Then one call tries whether the service is well.',
    }),
    slow: duration({
      default: 'off',
      off: true,
      min: '1ms',
      about: 'An answer that took longer counts as a failure here. The caller gets it all the same.',
    }),
  }),
  retry: section('How a failed attempt is tried again. Only what is safe to send again ever is.', {
    attempts: integer({ default: 3, min: 1, max: 10, about: 'Tries in all, the first one counted; 1 never retries.' }),
    statuses: statuses({
      default: [502, 503, 504, 429],
      about: 'Answers to try again after, for idempotent requests. 429 only when it says Retry-After.',
    }),
    backoff: duration({
      default: '25ms',
      about:
        'The longest wait before the first retry; doubles each time. The wait is random from 0 to this (full jitter).',
    }),
    maxBackoff: duration({ default: '250ms', about: 'The doubling stops here.' }),
    budget: number({ default: 0.2, min: 0, max: 10, about: 'Retries allowed for each call made: 0.2 is 20 %.' }),
    perSecond: number({ default: 1, min: 0, max: 1_000, about: 'Retries allowed each second whatever the traffic.' }),
  }),
  balance: section('Which endpoint a call goes to. Health comes first; among the healthy the picker chooses.', {
    picker: choice({
      default: 'p2c',
      of: ['p2c', 'least-request', 'round-robin', 'weighted-round-robin', 'random', 'ring-hash', 'maglev'],
      about:
        'p2c: of two by chance the better by peak EWMA latency and calls in flight. least-request: by calls in flight alone. round-robin: each in turn, whatever its weight. weighted-round-robin: each in turn, exactly as often as its weight says. random: by weight. ring-hash, maglev: calls of one `key` go to one endpoint, placed as Envoy places them.',
    }),
    decay: duration({
      default: '10s',
      min: '10ms',
      about: 'How long a latency is remembered: after this long a peak has faded to 37 %.',
    }),
    penalty: duration({
      default: '1s',
      about: 'A failure counts as an answer that took this long, so that failing fast attracts no traffic.',
    }),
    panic: number({
      default: 0.5,
      min: 0,
      max: 1,
      about:
        'When a smaller share of the endpoints than this is healthy, health is ignored and all are used. 0 never does.',
    }),
    warmUp: duration({
      default: 'off',
      off: true,
      min: '1s',
      about:
        'How long an endpoint that comes to others takes to its full weight, from a tenth of it on (slow start). For pickers that go by weight.',
    }),
  }),
  outlier: section('When an endpoint that keeps failing is left out for a while (outlier detection).', {
    failures: integer({
      default: 5,
      min: 0,
      max: 1_000,
      about: 'Failures in a row until it is left out; 0 switches it off.',
    }),
    ejection: duration({
      default: '5s',
      min: '1ms',
      about: 'How long the first time, less up to half by chance. Doubles each time.',
    }),
    maxEjection: duration({ default: '5m', min: '1ms', about: 'The doubling stops here.' }),
    forget: duration({
      default: '30s',
      min: '1ms',
      about: 'Each such time in rotation takes one doubling back. What was learnt fades; it does not reset.',
    }),
  }),
  attempt: section('How long one attempt may take.', {
    timeout: duration({
      default: 'off',
      off: true,
      min: '1ms',
      about: 'From the pick to the answer. Counts against the endpoint; then the call may be tried again.',
    }),
    connect: duration({ default: '1s', min: '1ms', max: '5m', about: 'How long making a connection may take.' }),
  }),
  propagate: section('What the headers tell the other side.', {
    trace: flag({ default: true, about: 'Sends traceparent and tracestate, unless the headers have them already.' }),
    deadline: choice({
      default: 'envoy',
      of: ['envoy', 'grpc', 'off'],
      about:
        "Sends the time that is left: 'x-envoy-expected-rq-timeout-ms' (envoy) or 'grpc-timeout' (grpc). Both are read.",
    }),
  }),
  outcome: section('Which answers speak against the endpoint that gave them.', {
    failing: statuses({ default: ['5xx'], about: 'Statuses that count as a failure of the endpoint.' }),
  }),
  transport: section('How mesh.request, mesh.fetch and the axios adapter send.', {
    connections: integer({ default: 128, min: 1, max: 65_535, about: 'Connections to one endpoint, at most.' }),
    keepAlive: duration({
      default: '4s',
      min: '1ms',
      about: 'How long an idle connection is kept for the next request.',
    }),
    idle: duration({
      default: '30s',
      off: true,
      min: '1ms',
      about:
        'The longest silence between two parts of a body. The deadline ends with the headers; this watches what follows.',
    }),
    replay: integer({
      default: 65_536,
      min: 0,
      max: 16_777_216,
      about:
        'Bytes of a Request object kept so that it can be sent again. Text and buffers always can be; streams never are.',
    }),
    host: choice({
      default: 'endpoint',
      of: ['service', 'endpoint'],
      about: "What the Host header says: the endpoint's address, or the name of the service.",
    }),
  }),
} as const;

/** How calls to one service behave, as filters read it: milliseconds, frozen. */
export type Policy = Infer<typeof table>;

/** Settings as written: durations are text, and only what differs is said. */
export type PolicySections = InferDocument<typeof table>;

/** The declarative document: defaults, then per service, then per route; the nearest wins, field by field. */
export interface PolicyDocument {
  /** For every service. */
  readonly defaults?: PolicySections;
  /** By the name of the service called. */
  readonly services?: Readonly<Record<string, ServicePolicy>>;
}

/** Settings of one service, and of its routes by name or template: `GET /orders/{id}`. */
export type ServicePolicy = PolicySections & { readonly routes?: Readonly<Record<string, PolicySections>> };
