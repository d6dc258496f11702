import type { Metric } from './metric.ts';

// As the conventions of OpenTelemetry advise for HTTP.
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;

const KEYS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const;

/** Every metric there is: instruments, the text for Prometheus, the reference and the tests come from here. */
export const metrics = {
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
  'inmesh.call.duration': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: ['inmesh.service', 'inmesh.outcome', 'error.type'],
    about: 'How long each call took, its retries and waits and all.',
  },
  'inmesh.attempts': {
    instrument: 'counter',
    unit: '{attempt}',
    attributes: ['inmesh.service', 'inmesh.outcome', 'error.type', 'inmesh.endpoint'],
    about: 'Attempts that have ended.',
  },
  'inmesh.attempts.active': {
    instrument: 'observed',
    unit: '{attempt}',
    attributes: ['inmesh.service'],
    about: 'Attempts under way.',
  },
  'inmesh.picks': {
    instrument: 'counter',
    unit: '{pick}',
    attributes: ['inmesh.service', 'inmesh.zone', 'inmesh.endpoint'],
    about: 'Endpoints picked, one for each attempt that began.',
  },
  'inmesh.retries': {
    instrument: 'counter',
    unit: '{retry}',
    attributes: ['inmesh.service', 'error.type'],
    about: 'Attempts that were tried again, by what had failed.',
  },
  'inmesh.retry.wait': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: ['inmesh.service'],
    about: 'How long a call waits before its next attempt.',
  },
  'inmesh.retry.denied': {
    instrument: 'counter',
    unit: '{retry}',
    attributes: ['inmesh.service'],
    about: 'Retries that would have been safe, and that the budget did not allow.',
  },
  'inmesh.retry.budget': {
    instrument: 'observed',
    unit: '{retry}',
    attributes: ['inmesh.service'],
    about: 'Retries that the budget allows now.',
  },
  'inmesh.hedges': {
    instrument: 'counter',
    unit: '{hedge}',
    attributes: ['inmesh.service', 'inmesh.allowed'],
    about:
      'Attempts that took so long that the request was sent to a second endpoint, or would have been within the budget.',
  },
  'inmesh.quotas': {
    instrument: 'counter',
    unit: '{call}',
    attributes: ['inmesh.service', 'inmesh.rule', 'inmesh.action'],
    about: 'Calls that a quota refused, made wait, or would have where it is only observed.',
  },
  'inmesh.quota.store.changes': {
    instrument: 'counter',
    unit: '{change}',
    attributes: ['inmesh.service', 'inmesh.store.state'],
    about: 'The count that all instances share could no longer be asked (lost), or could be again (found).',
  },
  'inmesh.fallbacks': {
    instrument: 'counter',
    unit: '{call}',
    attributes: ['inmesh.service', 'inmesh.source'],
    about: 'Calls that failed and came to something else, by where that is from.',
  },
  'inmesh.cached': {
    instrument: 'counter',
    unit: '{call}',
    attributes: ['inmesh.service', 'inmesh.stale'],
    about: 'Requests answered without asking, by an answer that was kept.',
  },
  'inmesh.collapsed': {
    instrument: 'counter',
    unit: '{call}',
    attributes: ['inmesh.service'],
    about: 'Calls that waited for the answer to another, which asked for the same.',
  },
  'inmesh.batch.size': {
    instrument: 'histogram',
    unit: '{key}',
    boundaries: KEYS,
    attributes: ['inmesh.service', 'inmesh.outcome'],
    about: 'Keys that went in one call, of each that was made of many (`inmesh/batch`).',
  },
  'inmesh.limits': {
    instrument: 'counter',
    unit: '{call}',
    attributes: ['inmesh.service', 'inmesh.full', 'inmesh.priority'],
    about: 'Calls that found as many under way as may be: of the service, or at each of its endpoints.',
  },
  'inmesh.limit': {
    instrument: 'observed',
    unit: '{call}',
    attributes: ['inmesh.service'],
    about: 'How many calls may be under way, as it stands; where the policy limits the service.',
  },
  'inmesh.calls.waiting': {
    instrument: 'observed',
    unit: '{call}',
    attributes: ['inmesh.service'],
    about: 'Calls that wait for room; where the policy limits calls.',
  },
  'inmesh.throttled': {
    instrument: 'counter',
    unit: '{call}',
    attributes: ['inmesh.service', 'inmesh.priority', 'inmesh.enforced'],
    about: 'Calls that were not made since the other side refuses, or would not have been.',
  },
  'inmesh.queue.time': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: ['inmesh.service', 'inmesh.rule'],
    about: 'How long a call that a quota made wait was to wait.',
  },
  'inmesh.endpoints': {
    instrument: 'observed',
    unit: '{endpoint}',
    attributes: ['inmesh.service', 'inmesh.endpoint.state'],
    about: 'Endpoints on the list, by state: in rotation, out of it, or probing whether they are well again.',
  },
  'inmesh.ejections': {
    instrument: 'counter',
    unit: '{endpoint}',
    attributes: ['inmesh.service', 'inmesh.reason', 'inmesh.enforced'],
    about: 'Endpoints that were left out for a while, or would have been.',
  },
  'inmesh.returns': {
    instrument: 'counter',
    unit: '{endpoint}',
    attributes: ['inmesh.service'],
    about: 'Endpoints that came back into rotation.',
  },
  'inmesh.panic': {
    instrument: 'observed',
    unit: '{panic}',
    attributes: ['inmesh.service'],
    about: '1 while too few endpoints are healthy and health is ignored, else 0.',
  },
  'inmesh.subset.changes': {
    instrument: 'counter',
    unit: '{change}',
    attributes: ['inmesh.service', 'inmesh.subset.state'],
    about: 'No endpoint had the labels any more that calls must find (lost), or some had again (found).',
  },
  'inmesh.circuits': {
    instrument: 'observed',
    unit: '{circuit}',
    attributes: ['inmesh.service', 'inmesh.circuit.state'],
    about: 'Circuits of a service and its routes, by state.',
  },
  'inmesh.circuit.changes': {
    instrument: 'counter',
    unit: '{change}',
    attributes: ['inmesh.service', 'inmesh.circuit.state', 'inmesh.enforced'],
    about: 'Circuits that opened, let a call try, or closed.',
  },
  'inmesh.registry.stale': {
    instrument: 'observed',
    unit: 's',
    attributes: ['inmesh.service'],
    about: 'For how long the list of endpoints has stood without the registry; 0 while that can be asked.',
  },
  'inmesh.registry.changes': {
    instrument: 'counter',
    unit: '{change}',
    attributes: ['inmesh.service', 'inmesh.registry.state'],
    about: 'The registry could no longer be asked (lost), or could be again (found).',
  },
  'inmesh.registry.session': {
    instrument: 'observed',
    unit: '{session}',
    attributes: ['inmesh.session.state'],
    about:
      'The session with the registry, by state: 1 for the one it is in, 0 for the others; where there is a session.',
  },
  'inmesh.registry.session.changes': {
    instrument: 'counter',
    unit: '{change}',
    attributes: ['inmesh.session.state'],
    about: 'The session with the registry came to be in this state.',
  },
  'inmesh.registry.listing.changes': {
    instrument: 'counter',
    unit: '{change}',
    attributes: ['inmesh.listing.state'],
    about: 'An instance of ours came to stand so in the registry: off the list, its place taken, or listed again.',
  },
  'inmesh.registry.rejected': {
    instrument: 'counter',
    unit: '{record}',
    attributes: ['inmesh.service'],
    about: 'Records in the registry that could not be read, and were passed over.',
  },
  'inmesh.dependency.changes': {
    instrument: 'counter',
    unit: '{change}',
    attributes: ['inmesh.service', 'inmesh.dependency.state'],
    about: 'A service that we depend on no longer had enough endpoints that take calls (lost), or had again (found).',
  },
  'inmesh.policy.version': {
    instrument: 'observed',
    unit: '{policy}',
    attributes: [],
    about: 'How many policies have been in force, the one that the mesh began with counted.',
  },
  'inmesh.policy.updates': {
    instrument: 'counter',
    unit: '{policy}',
    attributes: ['inmesh.accepted'],
    about: 'Policies that were put in force, or refused.',
  },
  'inmesh.requests.refused': {
    instrument: 'counter',
    unit: '{request}',
    attributes: ['http.route', 'inmesh.reason', 'inmesh.enforced'],
    about: 'Requests that were not let in, or would not have been where the policy only observes.',
  },
  'inmesh.request.deadline': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: ['http.route'],
    about: 'How much time its caller had left when a request came; of those that said so.',
  },
  'inmesh.log.dropped': {
    instrument: 'counter',
    unit: '{line}',
    attributes: [],
    about: 'Lines of the access log that were dropped, since nobody took them in time.',
  },
  'inmesh.faults': {
    instrument: 'counter',
    unit: '{fault}',
    attributes: ['http.route'],
    about: 'Handlers that threw.',
  },
} as const satisfies Readonly<Record<string, Metric>>;

/** The name of a metric. */
export type MetricName = keyof typeof metrics;
