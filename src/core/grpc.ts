import { headerOf } from './outcome.ts';

/**
 * The status of gRPC that an answer or an error tells, in the shape of any client: a header of an answer of HTTP that has
 * no more to say, or the error of grpc-js. Undefined where there is none.
 */
export function grpcStatusOf(settled: unknown): number | undefined {
  const header = headerOf(settled, 'grpc-status');
  if (header !== undefined) return /^\d{1,2}$/.test(header) ? Number(header) : undefined;
  if (typeof settled !== 'object' || settled === null || !('metadata' in settled) || !('code' in settled))
    return undefined;
  const { code } = settled;
  return typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 16 ? code : undefined;
}

const PUSHBACK = 'grpc-retry-pushback-ms';
const LONGEST_MS = 300_000;

/**
 * Milliseconds that a server of gRPC asks to wait before another try; `never` when it wants none, as it says by a negative
 * number or one that can not be read. Undefined where it leaves that to us.
 */
export function grpcPushbackOf(settled: unknown): number | 'never' | undefined {
  const text = headerOf(settled, PUSHBACK) ?? inMetadata(settled);
  if (text === undefined) return undefined;
  return /^\d{1,10}$/.test(text) ? Math.min(Number(text), LONGEST_MS) : 'never';
}

/** As grpc-js keeps it: a list for each name. */
function inMetadata(settled: unknown): string | undefined {
  const metadata =
    typeof settled === 'object' && settled !== null && 'metadata' in settled ? settled.metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('get' in metadata)) return undefined;
  const { get } = metadata;
  const values: unknown = typeof get === 'function' ? get.call(metadata, PUSHBACK) : undefined;
  return Array.isArray(values) && typeof values[0] === 'string' ? values[0] : undefined;
}
