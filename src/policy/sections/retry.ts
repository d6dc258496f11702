import { duration, integer, number, section, statuses } from '../fields.ts';

/** The settings of `retry`. */
export const retry = section('How a failed attempt is tried again. Only what is safe to send again ever is.', {
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
});
