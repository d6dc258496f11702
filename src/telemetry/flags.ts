import { MeshError, type Reason } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Scope } from '../core/scope.ts';
import type { CallRecord, RequestRecord } from './watcher.ts';

/** Why a call failed, in the letters of Envoy's `%RESPONSE_FLAGS%`, with the status that Envoy would have answered. */
export const flags = {
  UH: { http: 503, about: 'No endpoint takes calls: there is none, none is healthy, or none is known yet.' },
  UF: { http: 503, about: 'No connection to the endpoint could be made.' },
  UC: { http: 503, about: 'The connection ended before the answer came.' },
  UT: { http: 504, about: 'The endpoint did not answer in the time for one attempt.' },
  DT: { http: 504, about: 'The time for the whole call ran out.' },
  DC: { http: 499, about: 'The caller gave up.' },
  UO: { http: 503, about: 'The circuit of the service is open, or what may be under way is full.' },
  OM: { http: 503, about: 'The server has more to do than it can, and took no more in.' },
  RL: { http: 429, about: 'More was asked for than the quota allows.' },
  UAEX: { http: 403, about: 'It is not known who calls, or they may not.' },
  FI: { http: 503, about: 'The policy broke it off on purpose, to see what comes of it.' },
  NR: { http: 503, about: 'The registry does not know the service.' },
  LR: { http: 503, about: 'The mesh itself ended the call: it was closed, or is at fault.' },
  DPE: { http: 400, about: 'What was asked for can not be understood.' },
  URX: { http: 503, about: 'The last attempt that the policy allows has failed. Stands beside what it failed with.' },
} as const satisfies Record<string, { http: number; about: string }>;

/** Why a call failed, in Envoy's letters. */
export type Flag = keyof typeof flags;

/** The letters for each `reason` of an error: one that has none does not compile. */
export const flagOfReason: Readonly<Record<Reason, Flag>> = {
  policy: 'DPE',
  request: 'DPE',
  unresolved: 'UH',
  'no-endpoints': 'UH',
  connect: 'UF',
  reset: 'UC',
  circuit: 'UO',
  registry: 'UH',
  closed: 'LR',
  deadline: 'DT',
  attempt: 'UT',
  fallback: 'UH', // what a fallback is told; no call comes to it
  hedge: 'DC', // of an attempt; no call comes to it
  caller: 'DC',
  bug: 'LR',
  limit: 'UO',
  throttle: 'UO',
  quota: 'RL',
  shed: 'OM',
  identify: 'UAEX',
  authenticate: 'UAEX',
  authorize: 'UAEX',
  fault: 'FI',
};

/** What failed in a call that is over; empty for one that was answered, whatever the answer. */
export function flagsOf({ settled, outcome, context, resolution }: CallRecord): Flag[] {
  const { retry } = context.policy;
  const failed = outcome.is === 'failure' || (outcome.is === 'success' && retry.on.has(outcome.status));
  const spent = failed && retry.attempts > 1 && context.history.attempts >= retry.attempts;
  const error = settled !== undefined && 'error' in settled ? settled.error : undefined;
  const first = error === undefined ? undefined : flagOf(error, outcome, resolution().is === 'unknown');
  return [...(first === undefined ? [] : [first]), ...(spent ? (['URX'] as const) : [])];
}

/** Why a request was not let in, or not answered in time; empty for one that was, whatever the answer. */
export function flagsOfRequest({ refusal, whole, status, context: { scope } }: RequestRecord): Flag[] {
  const first = refusal !== undefined ? lettersOf(refusal) : whole ? late(status, scope) : 'DC';
  return first === undefined ? [] : [first];
}

const late = (status: number, { reason }: Scope): Flag | undefined =>
  status === flags.DT.http && MeshError.is(reason) && reason.reason === 'deadline' ? 'DT' : undefined;

function flagOf(error: unknown, { is, why, sent, status }: Outcome, unknown: boolean): Flag | undefined {
  if (MeshError.is(error)) {
    if (error.reason === 'no-endpoints' && unknown) return 'NR';
    return lettersOf(error);
  }
  if (status > 0) return undefined; // an answer, though the client throws it
  if (is === 'none') return ABORTED.has(why) ? 'DC' : undefined; // else a slip in the caller's own code
  if (sent === 'no') return 'UF';
  return TIMEOUT.test(why) ? 'UT' : 'UC';
}

/** Another copy of this package may know reasons that we do not. */
const lettersOf = ({ reason }: MeshError): Flag | undefined => flagOfReason[reason] as Flag | undefined;

const ABORTED = new Set(['AbortError', 'ABORT_ERR', 'ERR_CANCELED', 'UND_ERR_ABORTED', 'called off']);
const TIMEOUT = /TIMEOUT|TIMEDOUT|ECONNABORTED|TimeoutError/;

/** The status that the caller got, or that Envoy would have given it; 0 where the answer has none. */
export function statusOf({ outcome, settled }: CallRecord, why: readonly Flag[]): number {
  if (outcome.status > 0) return outcome.status;
  if (settled !== undefined && 'error' in settled && MeshError.is(settled.error)) return settled.error.status;
  return why.length > 0 ? flags[why[0]!].http : 0;
}
