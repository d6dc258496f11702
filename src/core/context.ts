import type { Policy } from '../policy/table.ts';
import type { Trace } from '../wire/trace-context.ts';
import type { AttemptReport } from './errors.ts';
import type { Node } from './node.ts';
import type { Classify, Outcome } from './outcome.ts';
import type { Scope } from './scope.ts';

/** What is known about one call. Filters pass on copies (`{ ...context, attempt }`), and never change what they were given. */
export interface Context {
  /** The service called. */
  readonly service: string;
  /** The settings of this call, pinned when it began: a policy pushed meanwhile is for the calls after it. */
  readonly policy: Policy;
  /** The route it falls under, where that is known. */
  readonly route: string | undefined;
  /** Whether it does no harm to send the request twice. */
  readonly idempotent: boolean;
  /** Whether the request can be sent twice at all: a stream that was read is gone. */
  readonly replayable: boolean;
  /** Called off at the deadline, by the caller, or when the attempt's own time is up. */
  readonly scope: Scope;
  /** The moment, on the mesh's clock, when the whole call must be done; Infinity until the deadline filter has spoken. */
  readonly deadline: number;
  /** The trace that the call belongs to. */
  readonly trace: Trace | undefined;
  /** 1 is the first. */
  readonly attempt: number;
  /** When the attempt began, on the mesh's clock; known below the balancer. */
  readonly attemptAt: number;
  /** Where the attempt goes; known below the balancer. */
  readonly node: Node | undefined;
  /** The caller's own way to judge what its client gives back. */
  readonly classify: Classify | undefined;
  /** What has happened so far. */
  readonly history: History;
}

/** What has happened in one call. The one thing in a context that changes. */
export class History {
  /** Attempts that have ended, first to last; only what failed is kept. */
  reports: AttemptReport[] = NONE as AttemptReport[];
  /** Where the call has been. */
  tried: Node[] = NONE as Node[];
  /** The last thing judged, so that each filter may ask without judging again. */
  settled: unknown = UNSETTLED;
  outcome: Outcome | undefined = undefined;
}

const NONE: readonly unknown[] = Object.freeze([]); // most calls need no list of their own
const UNSETTLED = Symbol('unsettled');
