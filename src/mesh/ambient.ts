import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../core/clock.ts';
import type { Context } from '../core/context.ts';
import { type Priority, priorityOf } from '../core/priority.ts';
import { timeLeft } from '../server/deadline.ts';
import { field, type IncomingHeaders } from '../server/fields.ts';
import { readTrace } from '../server/read-trace.ts';
import type { RequestContext } from '../server/request-context.ts';
import { Baggage, PRIORITY_MEMBER } from '../wire/baggage.ts';
import { parseRequestId, REQUEST_ID } from '../wire/request-id.ts';
import type { Trace } from '../wire/trace-context.ts';

/** What calls made while serving a request inherit from it. */
export interface Ambient {
  /** The moment, on the mesh's clock, when the request must be answered; Infinity when it did not say. */
  readonly deadline: number;
  readonly trace: Trace | undefined;
  /** How much the request matters when not all can be served. */
  readonly priority: Priority;
  readonly baggage: Baggage;
  /** The `x-request-id` that goes along. */
  readonly requestId: string | undefined;
  /** The request itself, where it came in by the mesh. */
  readonly request: RequestContext | undefined;
}

/** Carries what a request brought to the calls made while serving it, without a word in between. */
export class AmbientContext {
  readonly #storage = new AsyncLocalStorage<Ambient>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get current(): Ambient | undefined {
    return this.#storage.getStore();
  }

  /** Runs `work` as part of serving the request that had these headers. Hostile ones count as absent. */
  run<T>(headers: IncomingHeaders, formats: readonly string[], work: () => T): T {
    const left = timeLeft(headers, this.#clock.epoch());
    const deadline = left === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() + left;
    const trace = readTrace(headers, formats);
    const requestId = parseRequestId(field(headers, REQUEST_ID));
    const baggage = Baggage.parse(field(headers, 'baggage'));
    const priority = priorityOf(baggage.get(PRIORITY_MEMBER));
    return this.enter({ deadline, trace, priority, baggage, requestId, request: undefined }, work);
  }

  /** Runs `work` as part of serving a request that has come in; `request` is what is known of it to who serves it. */
  serve<T>({ scope, history }: Context, request: RequestContext | undefined, work: () => T): T {
    const { trace, priority, baggage, requestId } = history;
    return this.enter({ deadline: scope.due, trace, priority, baggage, requestId, request }, work);
  }

  /** Runs `work` with this around it. */
  enter<T>(ambient: Ambient, work: () => T): T {
    return this.#storage.run(ambient, work);
  }
}
