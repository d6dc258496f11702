import type { Env } from '../core/env.ts';
import { ask, type Filter } from '../core/service.ts';
import { RollingSum } from '../math/rolling-sum.ts';
import { formatOrca, ORCA_HEADER } from '../wire/orca.ts';
import type { Arrival } from './arrival.ts';
import { type EventLoop, MeasuredEventLoop } from './event-loop.ts';

const WINDOW_MS = 10_000;
const FRESH_MS = 100; // a report is written so seldom at most

/**
 * Tells callers with each answer how loaded this instance is, by ORCA's header: the share of its time that the event
 * loop works, and requests and failed ones a second. Those that weigh endpoints by load call it as much as it can do with.
 */
export function report<Res>({ clock }: Env, loop: EventLoop = new MeasuredEventLoop()): Filter<Arrival, Res> {
  const [requests, failures] = [new RollingSum(WINDOW_MS), new RollingSum(WINDOW_MS)];
  let since = Number.NaN;
  let written = '';
  let writtenAt = Number.NEGATIVE_INFINITY;

  const write = (now: number): string => {
    if (now - writtenAt < FRESH_MS) return written;
    const seconds = Math.min(WINDOW_MS, Math.max(1_000, now - since)) / 1_000;
    const [rps, eps] = [requests.sum(now) / seconds, failures.sum(now) / seconds];
    written = formatOrca({ applicationUtilization: loop.utilization(now), rps, eps });
    writtenAt = now;
    return written;
  };

  return (next) => (arrival, context) => {
    if (context.policy.report.load === 'off') return next(arrival, context);
    const now = context.begunAt;
    if (Number.isNaN(since)) since = now;
    requests.add(1, now);
    arrival.remark?.(ORCA_HEADER, write(now));
    const answer = ask(next, arrival, context);
    const ended = (): void => {
      if ((arrival.wire?.status ?? 0) >= 500) failures.add(1, clock.now());
    };
    // Koa and Hono send an answer when all who handled it are done: what it says is known when it has left.
    if (arrival.wire?.onEnd(ended) !== true) answer.then(ended, () => failures.add(1, clock.now()));
    return answer;
  };
}
