import {
  context as contexts,
  isSpanContextValid,
  type Context as OtelContext,
  type Span,
  SpanKind,
  trace as traces,
} from '@opentelemetry/api';
import { sayPassedOver } from '../core/passed-over.ts';
import { attemptAttributes, attemptName, endAttributes } from './conventions.ts';
import { flagsOf } from './flags.ts';
import { end, parentOf, SUPPRESS, traceOf } from './otel.ts';
import { requestSpan } from './request-spans.ts';
import type { AttemptRecord, AttemptWatcher, CallRecord, CallWatcher, Watcher } from './watcher.ts';

/** Records calls, their attempts and requests that come in as spans, with whatever OpenTelemetry SDK the process has. */
export function spans(): Watcher {
  const tracer = traces.getTracer('inmesh');
  const watch = (record: CallRecord): CallWatcher | undefined => {
    const { context } = record;
    const parent = parentOf(contexts.active(), context.history.trace);
    const attributes = { 'inmesh.service': context.service };
    const span = tracer.startSpan(`mesh.call ${context.service}`, { kind: SpanKind.INTERNAL, attributes }, parent);
    const own = span.spanContext();
    if (!isSpanContextValid(own)) return undefined; // nobody records, and nothing led here
    context.history.trace = traceOf(own);
    if (own.spanId === traces.getSpanContext(parent)?.spanId) return undefined; // nobody records
    return new SpannedCall(span, traces.setSpan(parent, span), (attempt, within) => {
      const { call, context } = attempt;
      const options = { kind: SpanKind.CLIENT, attributes: attemptAttributes(attempt) };
      return tracer.startSpan(attemptName(call, context), options, within);
    });
  };
  return { on: true, watch, onRequests: true, request: (record) => requestSpan(tracer, record) };
}

class SpannedCall implements CallWatcher {
  readonly #span: Span;
  readonly #context: OtelContext;
  readonly #start: (record: AttemptRecord, within: OtelContext) => Span;
  #before: AttemptRecord | undefined;

  constructor(span: Span, context: OtelContext, start: (record: AttemptRecord, within: OtelContext) => Span) {
    this.#span = span;
    this.#context = context;
    this.#start = start;
  }

  run<T>(work: () => T): T {
    return contexts.with(this.#context, work);
  }

  attempt(record: AttemptRecord): AttemptWatcher {
    if (this.#before !== undefined) this.#tellRetry(this.#before);
    this.#before = record;
    const span = this.#start(record, this.#context);
    if (span.isRecording()) tellWhy(span, record);
    record.context.flight!.trace = traceOf(span.spanContext());
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
        ...(failed ? { 'error.type': endAttributes(outcome)['error.type'] ?? '_OTHER' } : {}),
      },
      failed,
    );
  }

  /** What led to another attempt: the one before came to nothing, or is still under way. */
  #tellRetry({ context, outcome }: AttemptRecord): void {
    const attempt = { 'inmesh.attempt': context.attempt };
    if (outcome === undefined) this.#span.addEvent('inmesh.hedge', attempt);
    else this.#span.addEvent('inmesh.retry', { ...attempt, 'inmesh.why': outcome.why });
  }
}

/** Who was not chosen for an attempt, and what was waited before it; nothing where there is nothing to tell. */
function tellWhy(span: Span, { context }: AttemptRecord): void {
  const { passedOver, waitedMs } = context.flight!;
  if (passedOver.length > 0) span.setAttribute('inmesh.passed_over', sayPassedOver(passedOver));
  if (waitedMs > 0) span.setAttribute('inmesh.waited_ms', waitedMs);
}
