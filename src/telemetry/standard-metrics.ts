import { type Metric, SECONDS } from './metric.ts';

/** What the conventions of OpenTelemetry name: HTTP and RPC. */
export const standardMetrics = {
  'http.client.request.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: ['http.request.method', 'server.address', 'server.port', 'http.response.status_code', 'error.type'],
    about:
      'How long each attempt took, where the method is known. The address is the name of the service, and with `endpointLabels` that of the endpoint.',
  },
  'http.server.request.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: [
      'http.request.method',
      'url.scheme',
      'http.route',
      'http.response.status_code',
      'error.type',
      'network.protocol.version',
    ],
    about: 'How long each request that came in took, until its answer had left.',
  },
  'rpc.client.call.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: ['rpc.system.name', 'rpc.method', 'rpc.status_code', 'error.type', 'server.address'],
    about:
      'With `rpcMetrics`: how long each call of gRPC took, retries and all. The address is the name of the service.',
  },
  'rpc.server.call.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: ['rpc.system.name', 'rpc.method', 'rpc.status_code', 'error.type'],
    about:
      'With `rpcMetrics`: how long each request of gRPC that came in took. The method is that of its route, else `_OTHER`.',
  },
} as const satisfies Readonly<Record<string, Metric>>;
