import type { Call } from './call.ts';
import type { Context } from './context.ts';
import type { Incoming } from './incoming.ts';
import type { Cancel } from './live.ts';
import type { Resolution } from './resolution.ts';
import type { Service } from './service.ts';
import type { Standing } from './standing.ts';
import type { Tapping } from './tapped.ts';

/** What one rule of `authorize` came to for a request, to be counted. */
export interface Decision {
  /** Where the rules stand that it is one of: a part of the policy, or `handler` for those of one handler. */
  readonly rules: string;
  /** The rule that decided; empty where none did. */
  readonly rule: string;
  readonly allowed: boolean;
  /** Whether it was so; a rule or a policy that only observes changes nothing. */
  readonly enforced: boolean;
}

/**
 * Who looks at each call and attempt from outside, for traces and logs. Looks only: gives back the very promise it was
 * given, and what goes wrong in it changes nothing.
 */
export interface Watch {
  /** Whether anybody wants to know. Asked once for each call, so it must cost next to nothing. */
  readonly on: boolean;
  /** Runs a call; `resolution` says what is known of the service when it is over. */
  call<Res>(call: Call<unknown>, context: Context, resolution: () => Resolution, run: () => Promise<Res>): Promise<Res>;
  /** Runs an attempt of a call that is watched. */
  attempt<Res>(call: Call<Res>, context: Context, next: Service<Call<Res>, Res>): Promise<Res>;
  /** Whether anybody wants to know of requests that come in. */
  readonly onRequests: boolean;
  /** Takes a request in; `route` says its route once that is known. */
  request<Res>(
    incoming: Incoming,
    context: Context,
    route: () => string | undefined,
    run: () => Promise<Res>,
  ): Promise<Res>;
  /** Whether anybody counts what rules decide. */
  readonly onDecisions: boolean;
  /** Tells those who count what a rule decided. */
  decided(decision: Decision): void;
  /** Tells those who measure who we are, and shows them how things stand whenever they ask. */
  observe(service: string, look: () => Standing): void;
  /** Lets somebody hear what becomes of calls, from now on. Gives back the way to stop; nothing is left of it then. */
  tap(tapping: Tapping): Cancel;
  /** What was counted, as Prometheus reads it; nothing unless that was asked for. */
  text(): string | undefined;
  /** Writes down what it still holds, in bounded time. */
  close(): Promise<void>;
}

/** The way of attempts, with `watch` around those of the calls that it watches. */
export const watchAttempts = <Res>(watch: Watch | undefined, next: Service<Call<Res>, Res>): Service<Call<Res>, Res> =>
  watch === undefined
    ? next
    : (call, context) =>
        context.history.watched === undefined ? next(call, context) : watch.attempt(call, context, next);
