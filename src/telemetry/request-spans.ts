import {
  context as contexts,
  isSpanContextValid,
  type Context as OtelContext,
  type Span,
  SpanKind,
  type Tracer,
  trace as traces,
} from '@opentelemetry/api';
import type { MeshEvent } from '../core/events.ts';
import { requestAttributes, requestEndAttributes, requestName, templateOf } from './conventions.ts';
import { flagsOfRequest } from './flags.ts';
import { end, parentOf, rpcMetadata, traceOf } from './otel.ts';
import { tellInSpan } from './span-events.ts';
import type { RequestRecord, RequestWatcher } from './watcher.ts';

/** Records a request that comes in: by a span of its own, or in the one that an instrumentation has made of it already. */
export function requestSpan(tracer: Tracer, record: RequestRecord): RequestWatcher | undefined {
  const active = contexts.active();
  const { history } = record.context;
  const known = servedBy(active);
  if (known !== undefined) {
    history.trace = traceOf(known.spanContext(), history.trace);
    return new Joined(known, active);
  }
  const parent = parentOf(active, history.trace);
  const options = { kind: SpanKind.SERVER, attributes: requestAttributes(record) };
  const span = tracer.startSpan(requestName(record), options, parent);
  const own = span.spanContext();
  if (!isSpanContextValid(own)) return undefined; // nobody records, and nothing led here
  if (own.spanId === traces.getSpanContext(parent)?.spanId) return undefined; // nobody records
  history.trace = traceOf(own, history.trace);
  return new Spanned(span, traces.setSpan(parent, span));
}

/** The span of somebody who records this request as well: OpenTelemetry's http instrumentation, or one like it. */
function servedBy(active: OtelContext): Span | undefined {
  const known = rpcMetadata(active)?.span;
  if (known !== undefined) return known;
  const span = traces.getSpan(active) as (Span & { readonly kind?: SpanKind }) | undefined;
  return span?.kind === SpanKind.SERVER ? span : undefined;
}

class Spanned implements RequestWatcher {
  readonly #span: Span;
  readonly #context: OtelContext;

  constructor(span: Span, context: OtelContext) {
    this.#span = span;
    this.#context = context;
  }

  run<T>(work: () => T): T {
    return contexts.with(this.#context, work);
  }

  hear(event: MeshEvent): void {
    tellInSpan(this.#span, event);
  }

  end(record: RequestRecord): void {
    this.#span.updateName(requestName(record));
    const attributes = { ...requestEndAttributes(record), ...flags(record) };
    end(this.#span, attributes, 'error.type' in attributes);
  }
}

/** Adds what only the mesh knows to the span of another, who ends it. */
class Joined implements RequestWatcher {
  readonly #span: Span;
  readonly #context: OtelContext;

  constructor(span: Span, context: OtelContext) {
    this.#span = span;
    this.#context = context;
  }

  hear(event: MeshEvent): void {
    tellInSpan(this.#span, event);
  }

  end(record: RequestRecord): void {
    this.#span.setAttributes(flags(record));
    const route = templateOf(record.route());
    const metadata = rpcMetadata(this.#context);
    if (route === undefined || metadata?.route !== undefined) return;
    if (metadata !== undefined) metadata.route = route; // for its metric, too
    this.#span.setAttribute('http.route', route).updateName(requestName(record));
  }
}

function flags(record: RequestRecord): Record<string, string> {
  const why = flagsOfRequest(record).join(',');
  return why === '' ? {} : { 'inmesh.response_flags': why };
}
