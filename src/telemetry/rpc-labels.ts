import { callHeader } from '../core/call-header.ts';
import { MeshError } from '../core/errors.ts';
import { grpcStatusOf } from '../core/grpc.ts';
import { headerOf } from '../core/outcome.ts';
import { templateOf } from './conventions.ts';
import type { Labels } from './samples.ts';
import type { CallRecord, RequestRecord } from './watcher.ts';

// Names of OpenTelemetry's semantic conventions for RPC and gRPC, stable since 1.45. Of the systems that these know, gRPC
// is the one that can be told by what HTTP shows of it.

/** What stands for all methods that are not known. */
export const OTHER_METHOD = '_OTHER';

/** The names of gRPC's statuses, by their numbers. */
const STATUSES = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
] as const;

/** What an answer of HTTP means that says nothing of gRPC: doc/http-grpc-status-mapping.md of gRPC. */
const OF_HTTP: Readonly<Record<number, (typeof STATUSES)[number]>> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNIMPLEMENTED',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

/** Those that are the fault of who serves; a client takes all but `OK` for errors. */
const FAULTS: ReadonlySet<string> = new Set([
  ...['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'],
]);

/** What the conventions count a call by; nothing for one that is no gRPC, as far as we know. */
export function rpcCallLabels({ call, context, outcome, settled }: CallRecord, service: string): Labels | undefined {
  const came = settled !== undefined && 'error' in settled ? settled.error : settled?.value;
  const told = MeshError.is(came) ? undefined : grpcStatusOf(came);
  if (told === undefined && !saysGrpc(callHeader(call, 'content-type')) && context.policy.retry.on.grpc === 0)
    return undefined;
  const status = MeshError.is(came) ? came.code : told === undefined ? statusOf(outcome) : STATUSES[told];
  return labels(methodOf(call.path), status ?? 'UNKNOWN', status !== 'OK', { 'server.address': service });
}

/** What the conventions count a request by; nothing for one that is no gRPC. */
export function rpcRequestLabels({ incoming, refusal, route, status, whole }: RequestRecord): Labels | undefined {
  if (!saysGrpc(headerOf(incoming, 'content-type'))) return undefined;
  const told = /^\d{1,2}$/.exec(incoming.wire?.header('grpc-status') ?? '')?.[0];
  const known = STATUSES[Number(told)] ?? refusal?.code ?? (whole ? httpStatusOf(status) : 'CANCELLED');
  return labels(methodOf(templateOf(route())), known, FAULTS.has(known), {});
}

const labels = (method: string, status: string, failed: boolean, more: Labels): Labels => ({
  'rpc.system.name': 'grpc',
  'rpc.method': method,
  'rpc.status_code': status,
  ...more,
  ...(failed ? { 'error.type': status } : {}),
});

const saysGrpc = (contentType: string | undefined): boolean => contentType?.startsWith('application/grpc') === true;

/** `package.Service/Method`, of a path or of the template of a route that is one. */
const methodOf = (path: string | undefined): string =>
  /^\/([\w.]{1,200}\/\w{1,100})$/.exec(path ?? '')?.[1] ?? OTHER_METHOD;

const statusOf = ({ is, status, sent }: CallRecord['outcome']): string => {
  if (is === 'success' && status < 400) return 'OK';
  if (status > 0) return httpStatusOf(status);
  return is === 'none' ? 'CANCELLED' : sent === 'no' ? 'UNAVAILABLE' : 'UNKNOWN';
};

const httpStatusOf = (status: number): string => (status === 200 ? 'OK' : (OF_HTTP[status] ?? 'UNKNOWN'));
