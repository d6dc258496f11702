import {
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import CircuitBreaker from 'opossum';
import pLimit from 'p-limit';
import pRetry from 'p-retry';

/** What is called. */
export type Action = () => Promise<unknown>;

/** An action with something around it. */
export interface Wrapped {
  readonly call: Action;
  readonly close?: () => void;
}

/** opossum as it comes. A breaker that never opens stays on the path that is measured. */
export const opossum = (action: Action): Wrapped => {
  const breaker = new CircuitBreaker(action, { errorThresholdPercentage: 100 });
  return { call: () => breaker.fire(), close: () => breaker.shutdown() };
};

/** An opossum that has seen enough. */
export const openOpossum = (action: Action): Wrapped => {
  const breaker = new CircuitBreaker(action);
  breaker.open();
  return { call: () => breaker.fire(), close: () => breaker.shutdown() };
};

/** cockatiel with what it has: retry, breaker, timeout, bulkhead. */
export const cockatiel = (action: Action): Wrapped => {
  const policy = wrap(retrying(), breaking(), timeout(10_000, TimeoutStrategy.Cooperative), bulkhead(100, 100));
  return { call: () => policy.execute(action) };
};

/** cockatiel without its timeout, which costs ten times the rest. */
export const cockatielWithoutTimeout = (action: Action): Wrapped => {
  const policy = wrap(retrying(), breaking(), bulkhead(100, 100));
  return { call: () => policy.execute(action) };
};

/** A cockatiel breaker alone, that opens for nothing. */
export const cockatielBreaker = (action: Action): Wrapped => {
  const policy = breaking();
  return { call: () => policy.execute(action) };
};

const retrying = () => retry(handleAll, { maxAttempts: 2 });
const breaking = () => circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(1e9) });

/** A cockatiel breaker that has seen enough. */
export const openCockatiel = (action: Action): Wrapped => {
  const policy = circuitBreaker(handleAll, { halfOpenAfter: 1e9, breaker: new ConsecutiveBreaker(1) });
  policy.execute(() => Promise.reject(new Error('down'))).catch(() => {});
  return { call: () => policy.execute(action) };
};

/** What many put together: p-limit around p-retry around opossum. */
export const threeTogether = (action: Action): Wrapped => {
  const limit = pLimit(100);
  const guarded = opossum(action);
  return { call: () => limit(() => pRetry(guarded.call, { retries: 2 })), close: guarded.close! };
};
