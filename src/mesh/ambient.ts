import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../core/clock.ts';
import { ENVOY_TIMEOUT, GRPC_TIMEOUT, parseTimeLeft } from '../wire/deadline.ts';
import { parseTrace, type Trace } from '../wire/trace-context.ts';

/** What calls made while serving a request inherit from it. */
export interface Ambient {
  /** The moment, on the mesh's clock, when the request must be answered; Infinity when it did not say. */
  readonly deadline: number;
  readonly trace: Trace | undefined;
}

/** Headers as any server gives them: node:http's, a `Headers`, or a plain object with lower-case names. */
export type IncomingHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null };

/** Carries what a request brought to the calls made while serving it, without a word in between. */
export class AmbientContext {
  readonly #storage = new AsyncLocalStorage<Ambient>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get current(): Ambient | undefined {
    return this.#storage.getStore();
  }

  /** Runs `work` as part of serving the request that had these headers. Hostile ones count as absent. */
  run<T>(headers: IncomingHeaders, work: () => T): T {
    const left = parseTimeLeft(field(headers, ENVOY_TIMEOUT), field(headers, GRPC_TIMEOUT));
    const deadline = left === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() + left;
    const trace = parseTrace(field(headers, 'traceparent'), field(headers, 'tracestate'));
    return this.#storage.run({ deadline, trace }, work);
  }
}

/** One header; several `traceparent`s are none, since nobody could tell which is meant. */
function field(headers: IncomingHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[name];
  if (typeof value === 'string' || value === undefined) return value;
  return name === 'tracestate' ? value.join(',') : undefined;
}
