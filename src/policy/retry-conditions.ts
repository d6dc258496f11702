import { StatusSet } from './status-set.ts';

/** Statuses that a condition of Envoy's `retry_on` stands for. */
const STATUSES = {
  '5xx': ['5xx'],
  'gateway-error': [502, 503, 504],
  'retriable-4xx': [409],
  'retriable-status-codes': [], // those listed beside it, which need no name of their own
} as const;

/** What may happen to a connection. */
const CONNECTION = ['connect-failure', 'refused-stream', 'reset'] as const;

/** The codes of gRPC that may be tried again after, by their names in Envoy's `retry_on`. */
const GRPC = { cancelled: 1, 'deadline-exceeded': 4, 'resource-exhausted': 8, internal: 13, unavailable: 14 } as const;

/** The names that a condition may have. */
export const CONDITIONS = [...CONNECTION, ...Object.keys(STATUSES), ...Object.keys(GRPC)] as readonly string[];

/** What was always tried again when only statuses could be said. */
export const ON_CONNECTIONS: readonly string[] = CONNECTION;

/** After what a call may be tried again: Envoy's names, statuses, and classes of them. Asked about in constant time. */
export class RetryConditions {
  readonly #text: readonly (number | string)[];
  readonly #statuses: StatusSet;
  /** When nothing was sent, since there was no connection. */
  readonly connect: boolean;
  /** When the other side said that it did nothing: HTTP/2's REFUSED_STREAM, Finagle's nack. */
  readonly refused: boolean;
  /** When no answer came: the connection ended, or the attempt's time did. */
  readonly reset: boolean;
  /** Codes of gRPC, a bit for each; 0 where none is listed, and then answers are not looked through for them. */
  readonly grpc: number;

  constructor(listed: readonly (number | string)[]) {
    this.#text = Object.freeze([...listed]);
    const named = (name: string): boolean => listed.includes(name);
    this.#statuses = new StatusSet(
      listed.flatMap((one) => (isStatuses(one) ? STATUSES[one] : isStatus(one) ? [one] : [])),
    );
    this.connect = named('connect-failure') || named('5xx');
    this.refused = named('refused-stream') || named('5xx');
    this.reset = named('reset') || named('5xx'); // Envoy's 5xx is also when there is no answer at all
    this.grpc = Object.entries(GRPC).reduce((bits, [name, code]) => (named(name) ? bits | (1 << code) : bits), 0);
  }

  has(status: number): boolean {
    return this.#statuses.has(status);
  }

  hasGrpc(code: number): boolean {
    return (this.grpc & (1 << code)) !== 0;
  }

  toJSON(): readonly (number | string)[] {
    return this.#text;
  }
}

const isStatuses = (one: number | string): one is keyof typeof STATUSES => Object.hasOwn(STATUSES, one);
const isStatus = (one: number | string): boolean => typeof one === 'number' || /^[1-5]xx$/.test(one);
