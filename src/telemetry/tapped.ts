import type { Call } from '../core/call.ts';
import { type AttemptReport, MeshError } from '../core/errors.ts';
import { NOBODY_PASSED } from '../core/passed-over.ts';
import { REDACTED, type TappedAttempt, type TappedCall, type Tapping } from '../core/tapped.ts';
import { micros } from '../math/micros.ts';
import type { AttemptRecord, AttemptWatcher, CallRecord, CallWatcher, Watcher } from './watcher.ts';

const MOST = 100; // attempts of one call that are told; a broadcast has one for each endpoint
const HEADERS = 64;
const LONGEST = 256; // characters of the value of a header, and of a path

/** Tells somebody what becomes of calls, as facts of their own: whoever keeps them keeps nothing of the call alive. */
export const tapped = (tapping: Tapping): Watcher => ({
  on: true,
  watch: ({ context }) => (tapping.wants(context.service) ? new TappedWatcher(tapping) : undefined),
});

/** An attempt, with what has to be asked for when it begins. */
interface Begun {
  readonly record: AttemptRecord;
  readonly passedOver: TappedAttempt['passedOver'];
  readonly waitedMs: number;
}

class TappedWatcher implements CallWatcher {
  readonly #tapping: Tapping;
  readonly #begun: Begun[] = [];

  constructor(tapping: Tapping) {
    this.#tapping = tapping;
  }

  attempt(record: AttemptRecord): AttemptWatcher | undefined {
    const { flight } = record.context;
    if (this.#begun.length < MOST) {
      this.#begun.push({ record, passedOver: flight?.passedOver ?? NOBODY_PASSED, waitedMs: flight?.waitedMs ?? 0 });
    }
    return undefined;
  }

  end(record: CallRecord): void {
    this.#tapping.tell(this.#facts(record));
  }

  #facts(record: CallRecord): TappedCall {
    const { call, context, settled, outcome } = record;
    const { service, route, history, idempotent, scope, begunAt } = context;
    const error = settled !== undefined && 'error' in settled ? settled.error : undefined;
    const reason = MeshError.is(error) ? error.reason : null;
    const failed = settled !== undefined && 'error' in settled;
    return {
      at: record.at,
      service,
      method: call.method ?? null,
      path: call.path?.split(/[?#]/, 1)[0]?.slice(0, LONGEST) ?? null,
      route: route ?? null,
      priority: history.priority,
      idempotent,
      headers: headersOf(call, this.#tapping),
      traceId: history.traceSoFar?.traceId ?? null,
      outcome: failed ? (reason === 'caller' ? 'none' : 'failure') : outcome.is,
      why: outcome.why,
      reason,
      status: outcome.status,
      endpoint: record.last?.endpoint.address ?? null,
      ms: micros(record.ms),
      deadlineMs: scope.due === Number.POSITIVE_INFINITY ? null : micros(scope.due - begunAt),
      retriesLeft: this.#tapping.retriesLeft(context),
      attempts: this.#begun.map((begun) => attemptOf(begun, begunAt)),
      lost: 0,
    };
  }
}

function attemptOf({ record, passedOver, waitedMs }: Begun, begunAt: number): TappedAttempt {
  const { context, endpoint, outcome, ms } = record;
  const { attempt, flight, history } = context;
  const report = history.reports.find((one) => one.attempt === attempt && one.endpoint === endpoint.address);
  return {
    attempt,
    endpoint: endpoint.address,
    outcome: outcome?.is ?? 'none',
    why: outcome?.why ?? 'under way',
    status: outcome?.status ?? 0,
    sent: outcome?.sent ?? 'maybe',
    ms: micros(ms),
    beganMs: micros((flight?.at ?? begunAt) - begunAt),
    waitedMs,
    passedOver,
    ...nextOf(report),
  };
}

const nextOf = (report: AttemptReport | undefined): Pick<AttemptReport, 'next'> =>
  report?.next === undefined ? {} : { next: report.next };

/** All names, and the values of those that may be shown. */
function headersOf({ headers, request }: Call<unknown>, tapping: Tapping): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  let count = 0;
  for (const fields of [headers, request?.headers ?? {}]) {
    for (const [name, value] of Object.entries(fields)) {
      if (count++ >= HEADERS) return shown;
      const known = name.toLowerCase();
      shown[known] = tapping.shows(known) ? String(value).slice(0, LONGEST) : REDACTED;
    }
  }
  return shown;
}
