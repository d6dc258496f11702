import { micros } from '../math/micros.ts';
import type { Trace } from '../wire/trace-context.ts';
import type { Clock } from './clock.ts';
import type { Context } from './context.ts';
import { type AttemptReport, MeshError, type Reason } from './errors.ts';
import { escaped } from './escaped.ts';
import type { Outcome } from './outcome.ts';

const MOST = 16; // of one service; an incident is understood by a few, and each may hold ten attempts

/** A call that failed, as plain JSON. Neither its path nor its headers: nobody asked for this to be kept. */
export interface FailedCall {
  /** When it was over, in milliseconds since 1970. */
  readonly at: number;
  /** Its route; null where it has none. */
  readonly route: string | null;
  /** Leads from here to traces and logs; null where its client sent no headers of ours. */
  readonly traceId: string | null;
  /** What was seen last: `status 503`, `ECONNREFUSED`, `deadline`. */
  readonly why: string;
  /** Which mechanism ended it, where it was the mesh; null else. */
  readonly reason: Reason | null;
  /** How long it took, retries and waits and all. */
  readonly ms: number;
  /** How long it might have taken; null where nothing bounded it. */
  readonly deadlineMs: number | null;
  /** Its attempts that did not end well. */
  readonly attempts: readonly AttemptReport[];
}

/** What is noted of one when it is over: little, and nothing that is not there already. */
interface Noted {
  readonly at: number; // on the mesh's clock
  readonly why: string;
  readonly reason: Reason | null;
  readonly route: string | undefined;
  readonly trace: Trace | undefined;
  readonly begunAt: number;
  readonly due: number;
  readonly attempts: readonly AttemptReport[];
}

/**
 * The last calls to one service that failed although they were tried. What was refused before is not among them: there
 * may be any number of those, all alike, and who refuses tells of it.
 */
export class Failures {
  readonly #calls: Noted[] = [];
  #next = 0;

  /** One is over. `error` is what its caller got, where that was one. */
  note({ route, history, scope, begunAt }: Context, { why }: Outcome, error: unknown, at: number): void {
    const { traceSoFar: trace, reports: attempts } = history;
    const reason = MeshError.is(error) ? error.reason : null;
    this.#calls[this.#next] = { at, why, reason, route, trace, begunAt, due: scope.due, attempts };
    this.#next = (this.#next + 1) % MOST;
  }

  /** They, the latest first. */
  latest(clock: Clock): readonly FailedCall[] {
    const [now, epoch] = [clock.now(), clock.epoch()];
    const inOrder = [...this.#calls.slice(this.#next), ...this.#calls.slice(0, this.#next)].reverse();
    return inOrder.map(({ at, why, reason, route, trace, begunAt, due, attempts }) => ({
      at: Math.round(epoch - (now - at)),
      route: route ?? null,
      traceId: trace?.traceId ?? null,
      why,
      reason,
      ms: micros(at - begunAt),
      deadlineMs: due === Number.POSITIVE_INFINITY ? null : micros(due - begunAt),
      attempts,
    }));
  }
}

const NAMED = 4; // attempts that a sentence names

/** One of them as a sentence, `now` being a moment since 1970. */
export function sayFailure({ at, route, traceId, why, reason, ms, attempts }: FailedCall, now: number): string {
  const ago = `${Math.max(0, Math.round((now - at) / 1_000))} s ago`;
  const what = [...(route === null ? [] : [escaped(route)]), reason ?? why].join(', ');
  const tries = attempts.slice(-NAMED).map((one) => `${one.endpoint} ${one.why}`);
  const more = attempts.length > NAMED ? '… ' : '';
  const trace = traceId === null ? '' : `, trace ${traceId}`;
  return `failed ${ago}: ${what}, after ${Math.round(ms)} ms: ${more}${tries.join(', ')}${trace}`;
}
