import {
  type Attributes,
  createContextKey,
  createTraceState,
  isSpanContextValid,
  type Context as OtelContext,
  propagation,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace as traces,
} from '@opentelemetry/api';
import { Baggage } from '../wire/baggage.ts';
import { RANDOM_ID, type Trace } from '../wire/trace-context.ts';

// The SDK's own keys, which are global symbols. What is inside the first makes no spans; the second holds what
// OpenTelemetry's instrumentation of http knows of the request being served.
export const SUPPRESS = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
const RPC = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

/** What OpenTelemetry's own instrumentation notes of a request: a route set here goes into its span and its metric. */
export interface RpcMetadata {
  readonly type: string;
  readonly span: Span;
  route?: string;
}

/** What it has noted of the request being served; nothing where it does not look. */
export function rpcMetadata(active: OtelContext): RpcMetadata | undefined {
  const metadata = active.getValue(RPC) as RpcMetadata | undefined;
  return metadata?.type === 'http' ? metadata : undefined;
}

/** What a span belongs to: the one that is active, or else the trace that led here from outside. */
export function parentOf(active: OtelContext, trace: Trace | undefined): OtelContext {
  const known = traces.getSpanContext(active);
  if ((known !== undefined && isSpanContextValid(known)) || trace?.parentId === undefined) return active;
  const { traceId, parentId: spanId, flags: traceFlags, state } = trace;
  const came: SpanContext = { traceId, spanId, traceFlags, isRemote: true };
  if (state !== '') came.traceState = createTraceState(state);
  return traces.setSpanContext(active, came);
}

/**
 * A span as the mesh knows traces: what follows is its child. What led to it, where that is of the same trace, is passed
 * on to the letter: SDKs know level 1 alone, and lose the flag of a random id and the keys of a `tracestate` that are new.
 */
export function traceOf({ traceId, spanId, traceFlags, traceState }: SpanContext, from: Trace | undefined): Trace {
  const state = traceState?.serialize() ?? '';
  if (from?.traceId !== traceId) return { traceId, parentId: spanId, flags: traceFlags, state };
  const isKept = from.state === '' || state === createTraceState(from.state).serialize(); // no sampler has written to it
  const flags = traceFlags | (from.flags & RANDOM_ID);
  return { traceId, parentId: spanId, flags, state: isKept && from.state !== '' ? from.state : state };
}

/** What goes along, with what OpenTelemetry's own baggage has: inside of an attempt its propagators write nothing. */
export function baggageOf(active: OtelContext, own: Baggage): Baggage {
  let all = own;
  for (const [key, { value }] of propagation.getBaggage(active)?.getAllEntries() ?? []) {
    if (Baggage.isKey(key) && all.get(key) !== value) all = all.with(key, value);
  }
  return all;
}

/** Ends a span with what is known by then. */
export function end(span: Span, attributes: Attributes, failed: boolean): void {
  span.setAttributes(attributes);
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
