import type { MeshError } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { endAttributes, errorType, methodName, placeOf, requestEndAttributes } from './conventions.ts';
import type { Labels } from './samples.ts';
import type { RequestRecord } from './watcher.ts';

/** Where an attempt went: an endpoint, or what stands for all of them. */
type Place = { readonly url: string } & ({ readonly address: string } | { readonly service: string });

/** What the conventions count an attempt by. */
export function attemptLabels(method: string, to: Place, outcome: Outcome): Labels {
  const place = 'service' in to ? { host: to.service, port: to.url.startsWith('https:') ? 443 : 80 } : placeOf(to);
  return {
    'http.request.method': methodName(method),
    'server.address': place.host,
    'server.port': place.port,
    ...endAttributes(outcome),
  };
}

/** What the conventions count a request by. */
export function requestLabels(record: RequestRecord): Labels {
  const { method, wire } = record.incoming;
  return {
    'http.request.method': methodName(method),
    'url.scheme': wire?.secure ? 'https' : 'http',
    'network.protocol.version': wire?.protocol ?? '',
    ...requestEndAttributes(record),
  };
}

/** Why a call or an attempt failed, in a word; empty where it did not. */
export function callErrorType(outcome: Outcome, error: MeshError | undefined): string {
  if (error !== undefined) return error.reason;
  if (outcome.is === 'success' && outcome.status < 400) return '';
  return outcome.status > 0 ? String(outcome.status) : errorType(outcome.why);
}
