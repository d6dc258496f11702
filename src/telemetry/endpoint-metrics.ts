import type { Metric } from './metric.ts';

/** Of endpoints, and of circuits before them. */
export const endpointMetrics = {
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
} as const satisfies Readonly<Record<string, Metric>>;
