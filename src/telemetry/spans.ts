import {
  context as contexts,
  isSpanContextValid,
  type Link,
  type Context as OtelContext,
  type Span,
  type SpanContext,
  SpanKind,
  trace as traces,
} from '@opentelemetry/api';
import type { Context } from '../core/context.ts';
import type { MeshEvent } from '../core/events.ts';
import { sayPassedOver } from '../core/passed-over.ts';
import { attemptAttributes, attemptName, endAttributes } from './conventions.ts';
import { flagsOf } from './flags.ts';
import { hasSdk } from './late-sdk.ts';
import { baggageOf, end, parentOf, SUPPRESS, traceOf } from './otel.ts';
import { requestSpan } from './request-spans.ts';
import { tellInSpan } from './span-events.ts';
import type { AttemptRecord, AttemptWatcher, CallRecord, CallWatcher, Watcher } from './watcher.ts';

/**
 * Records calls, their attempts and requests that come in as spans, with whatever OpenTelemetry SDK the process has. `hear`
 * has it told what happens to them; it is run when there first is one: to ask more of events costs each call 0.1 µs.
 */
export function spans(hear: () => void): Watcher {
  const tracer = traces.getTracer('inmesh');
  let hears = false;
  const has = (): boolean => {
    if (!hasSdk('trace')) return false;
    if (!hears) hear();
    hears = true;
    return true;
  };
  const watch = (record: CallRecord): CallWatcher | undefined => {
    const { context } = record;
    const parent = parentOf(contexts.active(), context.history.trace);
    const attributes = { 'inmesh.service': context.service };
    const span = tracer.startSpan(`mesh.call ${context.service}`, { kind: SpanKind.INTERNAL, attributes }, parent);
    const own = span.spanContext();
    if (!isSpanContextValid(own)) return undefined; // nobody records, and nothing led here
    context.history.trace = traceOf(own, context.history.trace);
    context.history.baggage = baggageOf(parent, context.history.baggage);
    if (own.spanId === traces.getSpanContext(parent)?.spanId) return undefined; // nobody records
    return new SpannedCall(span, traces.setSpan(parent, span), (attempt, links, within) => {
      const { call, context } = attempt;
      const options = { kind: SpanKind.CLIENT, attributes: attemptAttributes(attempt), links };
      return tracer.startSpan(attemptName(call, context), options, within);
    });
  };
  return {
    get on() {
      return has();
    },
    watch,
    get onRequests() {
      return has();
    },
    request: (record) => requestSpan(tracer, record),
  };
}

type Start = (record: AttemptRecord, links: Link[], within: OtelContext) => Span;

class SpannedCall implements CallWatcher {
  readonly #span: Span;
  readonly #context: OtelContext;
  readonly #start: Start;
  #last: { readonly record: AttemptRecord; readonly context: SpanContext } | undefined;
  #hedging = false; // the attempt that begins next is made beside the last

  constructor(span: Span, context: OtelContext, start: Start) {
    this.#span = span;
    this.#context = context;
    this.#start = start;
  }

  run<T>(work: () => T): T {
    return contexts.with(this.#context, work);
  }

  hear(event: MeshEvent): void {
    if (event.type === 'hedge') this.#hedging = true;
    tellInSpan(this.#span, event);
  }

  attempt(record: AttemptRecord): AttemptWatcher {
    const span = this.#start(record, this.#links(), this.#context);
    this.#last = { record, context: span.spanContext() };
    if (span.isRecording()) tellWhy(span, record);
    const { flight, history } = record.context;
    flight!.trace = traceOf(span.spanContext(), history.trace);
    // What is inside makes no spans: a client's instrumentation would record again what we record, and write a second
    // traceparent.
    const within = traces.setSpan(this.#context, span).setValue(SUPPRESS, true);
    return {
      run: (work) => contexts.with(within, work),
      end: ({ outcome }) => {
        end(span, endAttributes(outcome!), outcome!.is !== 'success' || outcome!.status >= 400);
      },
    };
  }

  end(record: CallRecord): void {
    const { outcome, context, settled } = record;
    const failed = outcome.is === 'failure' || (settled !== undefined && 'error' in settled);
    const flags = flagsOf(record).join(',');
    end(
      this.#span,
      {
        'inmesh.outcome': outcome.is,
        'inmesh.attempts': context.history.attempts,
        ...(flags === '' ? {} : { 'inmesh.response_flags': flags }),
        ...(failed ? notRetried(context) : {}),
        ...(failed ? { 'error.type': endAttributes(outcome)['error.type'] ?? '_OTHER' } : {}),
      },
      failed,
    );
  }

  /** What the attempt that begins is made beside of: one that is still under way. A retry follows what has ended. */
  #links(): Link[] {
    const hedging = this.#hedging;
    this.#hedging = false;
    if (!hedging || this.#last === undefined || this.#last.record.outcome !== undefined) return NO_LINKS;
    return [{ context: this.#last.context, attributes: { 'inmesh.link': 'hedge' } }];
  }
}

const NO_LINKS: Link[] = [];

/** Why the last attempt was not tried again, and what the budget had left; nothing where that was no question. */
function notRetried({ history: { reports } }: Context) {
  const next = reports.findLast((report) => report.next !== undefined)?.next;
  if (next === undefined || next.is === 'retry') return {};
  return { 'inmesh.not_retried': next.is, 'inmesh.retries_left': next.budget };
}

/** Who was not chosen for an attempt, and what was waited before it; nothing where there is nothing to tell. */
function tellWhy(span: Span, { context }: AttemptRecord): void {
  const { passedOver, waitedMs } = context.flight!;
  if (passedOver.length > 0) span.setAttribute('inmesh.passed_over', sayPassedOver(passedOver));
  if (waitedMs > 0) span.setAttribute('inmesh.waited_ms', waitedMs);
}
