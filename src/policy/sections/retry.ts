import * as v from 'valibot';
import { duration, type Field, integer, number, section, statuses, type Writes } from '../fields.ts';
import { CONDITIONS, ON_CONNECTIONS, RetryConditions } from '../retry-conditions.ts';

type Listed = readonly (number | string)[];

const NAMES = [...CONDITIONS, '4xx', '3xx', '2xx', '1xx'];

/** A list of conditions: names, statuses, and classes of these. */
function conditions(field: { default: Listed; about: string }): Field<RetryConditions> & Writes<Listed> {
  const status = v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599));
  return {
    ...field,
    must: `a list of statuses such as 503 and of ${CONDITIONS.map((name) => `'${name}'`).join(', ')}`,
    schema: v.pipe(
      v.unknown(),
      v.array(v.union([status, v.pipe(v.string(), v.picklist(NAMES))])),
      v.transform((listed) => new RetryConditions(listed)),
    ),
    json: {
      type: 'array',
      items: { anyOf: [{ type: 'integer', minimum: 100, maximum: 599 }, { enum: NAMES }] },
    },
    show: (value) => value.toJSON(),
    writes: [],
  };
}

/** The settings of `retry`. */
export const retry = section(
  'How a failed attempt is tried again. Only what is safe to send again ever is.',
  {
    attempts: integer({ default: 3, min: 1, max: 10, about: 'Tries in all, the first one counted; 1 never retries.' }),
    on: conditions({
      default: ['connect-failure', 'refused-stream', 'reset', 'gateway-error', 429],
      about:
        "After what to try again, in the words of Envoy's retry_on, and statuses. All but connect-failure and refused-stream for idempotent requests only; 429 only when it says when. gRPC's by grpc-status.",
    }),
    backoff: duration({
      default: '25ms',
      about:
        'The longest wait before the first retry; doubles each time. The wait is random from 0 to this (full jitter).',
    }),
    maxBackoff: duration({ default: '250ms', about: 'The doubling stops here.' }),
    budget: number({ default: 0.2, min: 0, max: 10, about: 'Retries allowed for each call made: 0.2 is 20 %.' }),
    perSecond: number({ default: 1, min: 0, max: 1_000, about: 'Retries allowed each second whatever the traffic.' }),
  },
  {
    statuses: {
      now: 'on',
      field: statuses({ default: [], about: 'Read as `on` with connect-failure, refused-stream, reset and these.' }),
      read: (listed: unknown) => [...ON_CONNECTIONS, ...(listed as Listed)],
    },
  },
);
