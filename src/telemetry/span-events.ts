import type { Span } from '@opentelemetry/api';
import type { MeshEvent, Outlet } from '../core/events.ts';
import type { CallRecord, RequestRecord } from './watcher.ts';

type Of<T extends MeshEvent['type']> = Extract<MeshEvent, { type: T }>;
type Shape<T extends MeshEvent['type']> = Readonly<Record<string, keyof Of<T> & string>>;

/**
 * What is told in the span of a call or a request while it is under way: which events, and by what attributes which of
 * their fields. Another is another line. No field that strangers write, but for names that the policy has.
 */
export const spanEvents = {
  retry: {
    'inmesh.attempt': 'attempt',
    'inmesh.why': 'why',
    'inmesh.wait_ms': 'waitMs',
    'inmesh.retries_left': 'left',
  },
  'retry-budget': { 'inmesh.attempt': 'attempt', 'inmesh.why': 'why', 'inmesh.retries_left': 'left' },
  hedge: { 'inmesh.attempt': 'attempt', 'inmesh.after_ms': 'afterMs' },
  'hedge-budget': { 'inmesh.attempt': 'attempt', 'inmesh.after_ms': 'afterMs' },
  ejected: {
    'inmesh.endpoint': 'endpoint',
    'inmesh.reason': 'why',
    'inmesh.for_ms': 'forMs',
    'inmesh.enforced': 'enforced',
  },
  returned: { 'inmesh.endpoint': 'endpoint' },
  circuit: { 'inmesh.circuit.state': 'state', 'inmesh.for_ms': 'forMs', 'inmesh.enforced': 'enforced' },
  quota: { 'inmesh.rule': 'rule', 'inmesh.action': 'action', 'inmesh.wait_ms': 'waitMs' },
  limit: { 'inmesh.full': 'full', 'inmesh.priority': 'priority' },
  throttle: { 'inmesh.priority': 'priority', 'inmesh.enforced': 'enforced' },
  fallback: { 'inmesh.source': 'source', 'inmesh.why': 'why' },
  injected: { 'inmesh.delay_ms': 'delayMs', 'inmesh.aborted': 'aborted' },
  refused: { 'inmesh.reason': 'reason', 'inmesh.enforced': 'enforced' },
} as const satisfies SpanEvents;

type SpanEvents = { readonly [T in MeshEvent['type']]?: Shape<T> };

/** The name of an event in a span. */
export const spanEventName = (type: MeshEvent['type']): string => `inmesh.${type}`;

const TYPES: ReadonlySet<MeshEvent['type']> = new Set(Object.keys(spanEvents) as MeshEvent['type'][]); // each call asks

/** Tells those who watch a call what happens to it: only events that say of which call they are. */
export const toldInSpans: Outlet = {
  hears: (type) => TYPES.has(type),
  tell: (event, of) => {
    const record = of?.history.watched as CallRecord | RequestRecord | undefined;
    if (record === undefined) return;
    for (const watcher of record.watchers) watcher.hear?.(event);
  },
};

/** Adds what happened to a span that is not over. */
export function tellInSpan(span: Span, event: MeshEvent): void {
  const shape: Readonly<Record<string, string>> | undefined = (spanEvents as SpanEvents)[event.type];
  if (shape === undefined || !span.isRecording()) return;
  const facts = event as unknown as Readonly<Record<string, string | number | boolean>>;
  const attributes = Object.entries(shape).map(([name, field]) => [name, facts[field]] as const);
  span.addEvent(spanEventName(event.type), Object.fromEntries(attributes));
}
