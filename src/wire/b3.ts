import { SAMPLED, type Trace } from './trace-context.ts';

// B3, as Zipkin and its kin send it: in one header, or in several.

/** The one header. */
export const B3 = 'b3';
/** The several headers that say the same. */
export const B3_MULTI = {
  traceId: 'x-b3-traceid',
  spanId: 'x-b3-spanid',
  sampled: 'x-b3-sampled',
  flags: 'x-b3-flags',
} as const;

const FORM = /^([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d])(?:-([0-9a-f]{16}))?)?$/;
const TRACE_ID = /^(?:[0-9a-f]{32}|[0-9a-f]{16})$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
const ZEROS = /^0+$/;

/**
 * Reads `b3`, strictly; undefined when there is no trace to go on with. A trace id of 64 bits is one of 128 that begins
 * with zeros. Debug (`d`) counts as sampled; where nothing is said of sampling, the callee decides, and we sample.
 */
export function parseB3(text: string | undefined): Trace | undefined {
  if (text === undefined || text.length > 128) return undefined;
  const [, traceId, spanId, sampled] = FORM.exec(text) ?? [];
  return traceId === undefined ? undefined : traceOf(traceId, spanId!, sampled !== '0');
}

/** Reads the `x-b3-` headers in the same way; `header` gives one by its lower-case name. */
export function parseB3Multi(header: (name: string) => string | undefined): Trace | undefined {
  const [traceId, spanId] = [header(B3_MULTI.traceId), header(B3_MULTI.spanId)];
  if (traceId === undefined || spanId === undefined || !TRACE_ID.test(traceId) || !SPAN_ID.test(spanId))
    return undefined;
  const [sampled, flags] = [header(B3_MULTI.sampled), header(B3_MULTI.flags)];
  if (sampled !== undefined && !/^(?:[01]|true|false)$/i.test(sampled)) return undefined; // true and false are of old
  return traceOf(traceId, spanId, flags === '1' || !(sampled === '0' || sampled?.toLowerCase() === 'false'));
}

function traceOf(traceId: string, spanId: string, sampled: boolean): Trace | undefined {
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId: traceId.padStart(32, '0'), parentId: spanId, flags: sampled ? SAMPLED : 0, state: '' };
}

/** `b3` that says what a `traceparent` of version 00 says. */
export const formatB3 = (traceparent: string): string =>
  `${traceparent.slice(3, 52)}-${isSampled(traceparent) ? '1' : '0'}`;

/** Writes the `x-b3-` headers that say what a `traceparent` of version 00 says. */
export function writeB3Multi(headers: Record<string, string>, traceparent: string): void {
  headers[B3_MULTI.traceId] = traceparent.slice(3, 35);
  headers[B3_MULTI.spanId] = traceparent.slice(36, 52);
  headers[B3_MULTI.sampled] = isSampled(traceparent) ? '1' : '0';
}

const isSampled = (traceparent: string): boolean => (traceparent.charCodeAt(54) & SAMPLED) === 1; // '0' is even
