import type { Filter } from '../core/service.ts';
import { HEALTHCHECKED_HEADER } from '../wire/nack.ts';
import type { Arrival } from './arrival.ts';
import type { Problem } from './problem.ts';

/** What is told to those who watch over processes. `off` tells nothing: the paths are then like any other. */
export type Readiness = 'off' | 'starting' | 'ready' | 'leaving';

const LIVE = '/livez';
const READY = new Set(['/readyz', '/healthz']);

/** Answers for the process: `/livez` whether it lives, `/readyz` and `/healthz` whether it should be sent requests. */
export function health(readiness: () => Readiness): Filter<Arrival, unknown> {
  return (next) => (arrival, context) => {
    const ready = readiness();
    if (ready === 'off' || (arrival.method !== 'GET' && arrival.method !== 'HEAD')) return next(arrival, context);
    const [path = ''] = arrival.path.split('?', 1);
    if (path === LIVE) return Promise.resolve(arrival.refuse(word(200, 'live', context.service)));
    if (!READY.has(path)) return next(arrival, context);
    return Promise.resolve(arrival.refuse(word(ready === 'ready' ? 200 : 503, ready, context.service)));
  };
}

const word = (status: number, body: string, service: string): Problem => ({
  status,
  headers: { 'content-type': 'text/plain', 'cache-control': 'no-store', [HEALTHCHECKED_HEADER]: service },
  body,
});
