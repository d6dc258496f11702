import { type Channel, channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import { events, type MeshEvent, type Outlet } from '../core/events.ts';
import type { Outcome } from '../core/outcome.ts';
import type {
  AttemptRecord,
  AttemptWatcher,
  CallRecord,
  CallWatcher,
  RequestRecord,
  RequestWatcher,
  Watcher,
} from './watcher.ts';

type Type = MeshEvent['type'];

const channels = Object.fromEntries(
  (Object.keys(events) as Type[]).map((type) => [type, channel(`inmesh:${type}`)]),
) as unknown as Readonly<Record<Type, Channel>>;

/** Publishes every event in `node:diagnostics_channel`, each in a channel named after its type: `inmesh:retry`. */
export const eventChannels: Outlet = {
  hears: (type) => channels[type].hasSubscribers,
  tell: (event) => channels[event.type].publish(event),
};

/** What subscribers of `tracing:inmesh:call:*` get: one object for a call, fuller at its end than at its start. */
export interface CallMessage {
  /** The service called. */
  readonly service: string;
  /** The HTTP method, where the caller said it. */
  readonly method: string | undefined;
  /** The route, where it is known. */
  readonly route: string | undefined;
  /** What the client gave back, once it has. */
  result?: unknown;
  /** What was thrown, once it was. */
  error?: unknown;
  /** How it came out, once it has. */
  outcome?: Outcome['is'];
  /** Attempts made, once it is over. */
  attempts?: number;
  /** How long it took, once it is over. */
  ms?: number;
}

/** What subscribers of `tracing:inmesh:attempt:*` get: one object for an attempt. */
export interface AttemptMessage {
  /** The service called. */
  readonly service: string;
  /** The HTTP method, where the caller said it. */
  readonly method: string | undefined;
  /** The route, where it is known. */
  readonly route: string | undefined;
  /** 1 is the first. */
  readonly attempt: number;
  /** Where it goes, as `host:port`. */
  readonly endpoint: string;
  /** How it came out, once it has. */
  outcome?: Outcome['is'];
  /** What was seen: `status 503`, `ECONNREFUSED`. */
  why?: string;
  /** The HTTP status; 0 where there was no answer. */
  status?: number;
  /** How long it took, once it is over. */
  ms?: number;
  /** Why it failed, as an error; nothing for one that did not. */
  error?: unknown;
}

/** What subscribers of `tracing:inmesh:request:*` get: one object for a request that came in. */
export interface RequestMessage {
  /** Our own. */
  readonly service: string;
  /** The HTTP method. */
  readonly method: string;
  /** Once it is known; never the path. */
  route: string | undefined;
  /** What was answered; 0 where no answer began. */
  status?: number;
  /** How long it took, once it is over. */
  ms?: number;
  /** Why it was not let in, or that its caller hung up. */
  error?: unknown;
}

/** The tracing channels there are: what each is of, and what its messages have. */
export const tracing = {
  'inmesh:call': {
    about: 'A call, whole.',
    message: ['service', 'method', 'route', 'result', 'error', 'outcome', 'attempts', 'ms'],
  },
  'inmesh:attempt': {
    about: 'An attempt of a call.',
    message: ['service', 'method', 'route', 'attempt', 'endpoint', 'outcome', 'why', 'status', 'ms', 'error'],
  },
  'inmesh:request': {
    about: 'A request that came in.',
    message: ['service', 'method', 'route', 'status', 'ms', 'error'],
  },
} as const satisfies Readonly<Record<string, { about: string; message: readonly string[] }>>;

const calls: TracingChannel<unknown, CallMessage> = tracingChannel('inmesh:call');
const attempts: TracingChannel<unknown, AttemptMessage> = tracingChannel('inmesh:attempt');
const requests: TracingChannel<unknown, RequestMessage> = tracingChannel('inmesh:request');

type Parts = Pick<TracingChannel, 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error'>;

/** Whether anybody has subscribed to any part of a tracing channel. Its own `hasSubscribers` says the same, in 10 ns more. */
const isHeard = ({ start, end, asyncStart, asyncEnd, error }: Parts): boolean =>
  start.hasSubscribers ||
  end.hasSubscribers ||
  asyncStart.hasSubscribers ||
  asyncEnd.hasSubscribers ||
  error.hasSubscribers;

/** A class, since V8 keeps an object that is written with getters in a dictionary, and every call asks. */
class TracingChannels implements Watcher {
  get on(): boolean {
    return isHeard(calls) || isHeard(attempts);
  }

  get onRequests(): boolean {
    return isHeard(requests);
  }

  watch(record: CallRecord): CallWatcher {
    return new ChannelCall(record);
  }

  request(record: RequestRecord): ChannelRequest {
    return new ChannelRequest(record);
  }
}

/** Tells of calls, attempts and requests in the tracing channels `inmesh:call`, `inmesh:attempt`, `inmesh:request`. */
export const tracingChannels: Watcher = new TracingChannels();

class ChannelCall implements CallWatcher {
  readonly #message: CallMessage;

  constructor({ call, context }: CallRecord) {
    this.#message = { service: context.service, method: call.method, route: context.route };
  }

  run<T>(work: () => T): T {
    return started(calls, this.#message, work);
  }

  attempt(record: AttemptRecord): AttemptWatcher | undefined {
    return attempts.hasSubscribers ? new ChannelAttempt(record) : undefined;
  }

  end(record: CallRecord): void {
    const message = this.#message;
    message.outcome = record.outcome.is;
    message.attempts = record.context.history.attempts;
    message.ms = record.ms;
    if ('error' in record.settled!) message.error = record.settled.error;
    else message.result = record.settled!.value;
    ended(calls, message, 'error' in message);
  }
}

class ChannelAttempt implements AttemptWatcher {
  readonly #message: AttemptMessage;

  constructor({ call, context, endpoint }: AttemptRecord) {
    const { service, route, attempt } = context;
    this.#message = { service, method: call.method, route, attempt, endpoint: endpoint.address };
  }

  run<T>(work: () => T): T {
    return started(attempts, this.#message, work);
  }

  end({ outcome, ms }: AttemptRecord): void {
    const message = this.#message;
    const { is, why, status } = outcome!;
    Object.assign(message, { outcome: is, why, status, ms });
    if (is !== 'success') message.error = new Error(why);
    ended(attempts, message, 'error' in message);
  }
}

class ChannelRequest implements RequestWatcher {
  readonly #message: RequestMessage;

  constructor({ incoming, context, route }: RequestRecord) {
    this.#message = { service: context.service, method: incoming.method, route: route() };
  }

  run<T>(work: () => T): T {
    return started(requests, this.#message, work);
  }

  end({ route, status, ms, refusal, whole, context }: RequestRecord): void {
    const message = this.#message;
    Object.assign(message, { route: route(), status, ms });
    if (refusal !== undefined) message.error = refusal;
    else if (!whole) message.error = context.scope.reason ?? new Error('the caller hung up');
    ended(requests, message, 'error' in message);
  }
}

function started<M extends object, T>(channel: TracingChannel<unknown, M>, message: M, work: () => T): T {
  const result = channel.start.runStores(message, work);
  channel.end.publish(message);
  return result;
}

function ended<M extends object>(channel: TracingChannel<unknown, M>, message: M, failed: boolean): void {
  if (failed) channel.error.publish(message);
  channel.asyncStart.publish(message);
  channel.asyncEnd.publish(message);
}
