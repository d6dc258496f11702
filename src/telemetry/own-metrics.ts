import { type Metric, SECONDS } from './metric.ts';

/** Of ourselves: what we hear of the registry and the policy, and the requests that come in. */
export const ownMetrics = {
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
  'inmesh.authorize.decisions': {
    instrument: 'counter',
    unit: '{decision}',
    attributes: ['inmesh.rule.set', 'inmesh.rule', 'inmesh.allowed', 'inmesh.enforced'],
    about:
      'What rules of `authorize` decided of requests, by the part of the policy that they stand in; or would have, where the policy only observes; or would have otherwise, where the rule does.',
  },
  'inmesh.request.deadline': {
    instrument: 'histogram',
    unit: 's',
    boundaries: SECONDS,
    attributes: ['http.route'],
    about: 'How much time its caller had left when a request came; of those that said so.',
  },
  'inmesh.credentials.changes': {
    instrument: 'counter',
    unit: '{change}',
    attributes: ['inmesh.credentials.kind', 'inmesh.credentials.state'],
    about:
      'A certificate, the key of our tokens, or the keys of an issuer could not be used as they were then (lost), or could be again (found).',
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
