/** How far the conventions insist on an attribute; `conditional` is required where there is something to say. */
export type Level = 'required' | 'conditional' | 'recommended' | 'opt-in';

/** What a value has to be. */
export type Kind = 'string' | 'int';

type Attributes = Readonly<Record<string, readonly [Level, Kind]>>;

/** A metric, as the conventions have it. */
interface Convention {
  readonly instrument: 'histogram';
  readonly unit: string;
  readonly boundaries: readonly number[];
  readonly attributes: Attributes;
}

// OpenTelemetry's semantic conventions for HTTP, stable since 1.23 and so in 1.4x: the tables of
// opentelemetry.io/docs/specs/semconv/http/http-spans and http-metrics. Attributes in development are left out.

/** Spans of HTTP, by their kind. */
export const httpSpans: Readonly<Record<'client' | 'server', Attributes>> = {
  client: {
    'http.request.method': ['required', 'string'],
    'server.address': ['required', 'string'],
    'server.port': ['required', 'int'],
    'url.full': ['required', 'string'],
    'error.type': ['conditional', 'string'],
    'http.request.method_original': ['conditional', 'string'],
    'http.response.status_code': ['conditional', 'int'],
    'network.protocol.name': ['conditional', 'string'],
    'http.request.resend_count': ['recommended', 'int'],
    'network.peer.address': ['recommended', 'string'],
    'network.peer.port': ['recommended', 'int'],
    'network.protocol.version': ['recommended', 'string'],
    'network.transport': ['opt-in', 'string'],
    'url.scheme': ['opt-in', 'string'],
    'url.template': ['opt-in', 'string'],
    'user_agent.original': ['opt-in', 'string'],
  },
  server: {
    'http.request.method': ['required', 'string'],
    'url.path': ['required', 'string'],
    'url.scheme': ['required', 'string'],
    'error.type': ['conditional', 'string'],
    'http.request.method_original': ['conditional', 'string'],
    'http.response.status_code': ['conditional', 'int'],
    'http.route': ['conditional', 'string'],
    'network.protocol.name': ['conditional', 'string'],
    'server.port': ['conditional', 'int'],
    'url.query': ['conditional', 'string'],
    'client.address': ['recommended', 'string'],
    'network.peer.address': ['recommended', 'string'],
    'network.peer.port': ['recommended', 'int'],
    'network.protocol.version': ['recommended', 'string'],
    'server.address': ['recommended', 'string'],
    'user_agent.original': ['recommended', 'string'],
    'client.port': ['opt-in', 'int'],
    'network.transport': ['opt-in', 'string'],
  },
};

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Metrics of HTTP that are stable. */
export const httpMetrics: Readonly<Record<string, Convention>> = {
  'http.client.request.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: {
      'http.request.method': ['required', 'string'],
      'server.address': ['required', 'string'],
      'server.port': ['required', 'int'],
      'error.type': ['conditional', 'string'],
      'http.response.status_code': ['conditional', 'int'],
      'network.protocol.name': ['conditional', 'string'],
      'network.protocol.version': ['recommended', 'string'],
      'url.scheme': ['opt-in', 'string'],
      'url.template': ['opt-in', 'string'],
    },
  },
  'http.server.request.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: {
      'http.request.method': ['required', 'string'],
      'url.scheme': ['required', 'string'],
      'error.type': ['conditional', 'string'],
      'http.response.status_code': ['conditional', 'int'],
      'http.route': ['conditional', 'string'],
      'network.protocol.name': ['conditional', 'string'],
      'network.protocol.version': ['recommended', 'string'],
      'server.address': ['opt-in', 'string'],
      'server.port': ['opt-in', 'int'],
    },
  },
};

/** Metrics of RPC, stable since 1.45, as gRPC has them: the tables of rpc/rpc-metrics and rpc/grpc. */
export const rpcMetrics: Readonly<Record<string, Convention>> = {
  'rpc.client.call.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: {
      'rpc.system.name': ['required', 'string'],
      'rpc.method': ['required', 'string'],
      'rpc.status_code': ['required', 'string'],
      'server.address': ['required', 'string'],
      'error.type': ['conditional', 'string'],
      'server.port': ['conditional', 'int'],
    },
  },
  'rpc.server.call.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: {
      'rpc.system.name': ['required', 'string'],
      'rpc.method': ['required', 'string'],
      'rpc.status_code': ['required', 'string'],
      'error.type': ['conditional', 'string'],
      'server.address': ['opt-in', 'string'],
      'server.port': ['opt-in', 'int'],
    },
  },
};

/** What the conventions ask for and the mesh does not say, and why. */
export const withheld: Readonly<Record<string, string>> = {
  'client network.protocol.name': 'required for what is not http, which the mesh does not send',
  'rpc.client.call.duration server.port': 'of a call of RPC: a service has none, and its endpoints may have several',
  'client network.protocol.version': 'any client may be sending, and few tell',
  'client network.peer.address': 'the same',
  'client network.peer.port': 'the same',
  'server network.protocol.name': 'required for what is not http, which the mesh does not serve',
  'server network.peer.address': 'is client.address: the mesh believes nobody who forwards',
  'server network.peer.port': 'says nothing without the address of a proxy',
  'server url.query': 'queries hold secrets',
};
