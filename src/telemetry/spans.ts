import {
  type Attributes,
  context as contexts,
  createContextKey,
  createTraceState,
  isSpanContextValid,
  type Context as OtelContext,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace as traces,
} from '@opentelemetry/api';
import type { Trace } from '../wire/trace-context.ts';
import { attemptAttributes, attemptName, endAttributes } from './conventions.ts';
import { flagsOf } from './flags.ts';
import type { AttemptRecord, AttemptWatcher, CallRecord, CallWatcher, Watcher } from './watcher.ts';

// The SDK's own key, which is a global symbol: what is inside makes no spans, so that a client's instrumentation does
// not record again what we record, and writes no second traceparent.
const SUPPRESS = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Records a span for each call and one for each of its attempts, with whatever OpenTelemetry SDK the process has. */
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
  return { on: true, watch };
}

/** What the call belongs to: the span that is active, or else the trace that the request being served came with. */
function parentOf(active: OtelContext, trace: Trace | undefined): OtelContext {
  const known = traces.getSpanContext(active);
  if ((known !== undefined && isSpanContextValid(known)) || trace?.parentId === undefined) return active;
  const { traceId, parentId: spanId, flags: traceFlags, state } = trace;
  const came: SpanContext = { traceId, spanId, traceFlags, isRemote: true };
  if (state !== '') came.traceState = createTraceState(state);
  return traces.setSpanContext(active, came);
}

const traceOf = ({ traceId, spanId, traceFlags, traceState }: SpanContext): Trace => ({
  traceId,
  parentId: spanId,
  flags: traceFlags,
  state: traceState?.serialize() ?? '',
});

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
    record.context.flight!.trace = traceOf(span.spanContext());
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

  #tellRetry({ context, outcome }: AttemptRecord): void {
    this.#span.addEvent('inmesh.retry', {
      'inmesh.attempt': context.attempt,
      'inmesh.why': outcome?.why ?? '',
    });
  }
}

function end(span: Span, attributes: Attributes, failed: boolean): void {
  span.setAttributes(attributes);
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
