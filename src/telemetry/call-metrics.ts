import { type Metric, SECONDS } from './metric.ts';

const KEYS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const;

/** Of calls and their attempts. */
export const callMetrics = {
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
} as const satisfies Readonly<Record<string, Metric>>;
