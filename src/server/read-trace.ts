import type { Policy } from '../policy/table.ts';
import { B3, parseB3, parseB3Multi } from '../wire/b3.ts';
import { parseTrace, type Trace } from '../wire/trace-context.ts';
import { field, type IncomingHeaders } from './fields.ts';

type Formats = Policy['trace']['formats'];

/** The trace that came with a request, in the first of the formats in which one did. */
export function readTrace(headers: IncomingHeaders, formats: Formats): Trace | undefined {
  for (const format of formats) {
    const trace = READERS[format]?.(headers);
    if (trace !== undefined) return trace;
  }
  return undefined;
}

const READERS: Readonly<Record<string, (headers: IncomingHeaders) => Trace | undefined>> = {
  w3c: (headers) => parseTrace(field(headers, 'traceparent'), field(headers, 'tracestate')),
  b3: (headers) => parseB3(field(headers, B3)),
  'b3-multi': (headers) => parseB3Multi((name) => field(headers, name)),
};
