import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Incoming } from '../core/incoming.ts';
import { judge, judgeError } from '../core/judge.ts';
import type { Cancel } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Service } from '../core/service.ts';
import type { Standing } from '../core/standing.ts';
import type { Tapping } from '../core/tapped.ts';
import type { Decision, Watch } from '../core/watch.ts';
import { tapped } from './tapped.ts';
import {
  type AttemptRecord,
  type AttemptWatcher,
  CallRecord,
  type CallWatcher,
  RequestRecord,
  type Watcher,
} from './watcher.ts';

type Run<Res> = () => Promise<Res>;
type Observed = { readonly service: string; readonly look: () => Standing };

/** Shows every call and attempt to all that watch, and none of their faults to the call. */
export class Watches implements Watch {
  readonly #env: Env;
  #watchers: readonly Watcher[];
  #observed: Observed | undefined;
  #closed = false;
  readonly text: () => string | undefined;

  /** `text` gives what was counted, where somebody counts. */
  constructor(env: Env, watchers: readonly Watcher[], text: () => string | undefined = () => undefined) {
    this.#env = env;
    this.#watchers = watchers;
    this.text = text;
  }

  get on(): boolean {
    const watchers = this.#watchers;
    // Each call asks, so there is no iterator; whoever throws when asked wants nothing.
    for (let at = 0; at < watchers.length; at++) if (isOn(watchers[at]!)) return true;
    return false;
  }

  get onRequests(): boolean {
    for (const watcher of this.#watchers) if (isOnRequests(watcher)) return true;
    return false;
  }

  call<Res>(call: Call<unknown>, context: Context, resolution: () => Resolution, run: Run<Res>): Promise<Res> {
    const record = new CallRecord(call, context, this.#env.clock.epoch(), resolution);
    record.watchers = watchersOf(this.#watchers, record);
    context.history.watched = record;
    const answer = within(record.watchers, run);
    answer.then(
      (value) => this.#end(record, { value }),
      (error) => this.#end(record, { error }),
    );
    return answer;
  }

  attempt<Res>(call: Call<Res>, context: Context, next: Service<Call<Res>, Res>): Promise<Res> {
    const whole = context.history.watched as CallRecord;
    const { endpoint } = context.flight!.node;
    const record: AttemptRecord = { call: call as Call<unknown>, context, endpoint, outcome: undefined, ms: 0 };
    const watchers = attemptWatchersOf(whole.watchers, record);
    whole.last = record;
    context.flight!.onEnd((outcome, now, { at }) => {
      record.outcome = outcome;
      record.ms = now - at;
      if (outcome.is !== 'none') whole.last = record; // of two at once, the one that came to something
      for (const watcher of watchers) unharmed(() => watcher.end(record));
    });
    return within(watchers, () => next(call, context));
  }

  request<Res>(incoming: Incoming, context: Context, route: () => string | undefined, run: Run<Res>): Promise<Res> {
    const { wire } = incoming; // one for all that look
    const seen = { method: incoming.method, path: incoming.path, headers: incoming.headers, wire };
    const record = new RequestRecord(seen, context, this.#env.clock.epoch(), route);
    record.watchers = this.#watchers.flatMap((one) =>
      isOnRequests(one) ? (unharmed(() => one.request?.(record)) ?? []) : [],
    );
    context.history.watched = record;
    const end = () => this.#over(record);
    const told = wire?.onEnd(end) === true;
    const answer = within(record.watchers, run);
    answer.then(
      () => told || end(),
      (error) => {
        if (context.history.attempts === 0) record.refusal = MeshError.is(error) ? error : bug(context, error);
        if (!told) end();
      },
    );
    return answer;
  }

  #over(record: RequestRecord): void {
    const { context, incoming, refusal, watchers } = record;
    record.status = incoming.wire?.status || refusal?.status || 0;
    record.whole = incoming.wire?.whole ?? true;
    record.ms = this.#env.clock.now() - context.begunAt;
    for (const watcher of watchers) unharmed(() => watcher.end(record));
  }

  get onDecisions(): boolean {
    for (const watcher of this.#watchers) if (watcher.decided !== undefined && isOn(watcher)) return true;
    return false;
  }

  decided(decision: Decision): void {
    for (const watcher of this.#watchers) if (isOn(watcher)) unharmed(() => watcher.decided?.(decision));
  }

  tap(tapping: Tapping): Cancel {
    return this.join(tapped(tapping));
  }

  /** Lets somebody watch from now on. Gives back the way to stop. */
  join(watcher: Watcher): Cancel {
    if (this.#closed) {
      unharmed(() => watcher.close?.());
      return () => {};
    }
    this.#watchers = [...this.#watchers, watcher];
    if (this.#observed !== undefined) this.#show(watcher, this.#observed);
    return () => {
      this.#watchers = this.#watchers.filter((one) => one !== watcher);
    };
  }

  observe(service: string, look: () => Standing): void {
    this.#observed = { service, look };
    for (const watcher of this.#watchers) this.#show(watcher, this.#observed);
  }

  #show(watcher: Watcher, { service, look }: Observed): void {
    unharmed(() => watcher.observe?.(service, look));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#watchers.map(async (watcher) => watcher.close?.()));
  }

  #end(record: CallRecord, settled: { value: unknown } | { error: unknown }): void {
    const { context } = record;
    record.settled = settled;
    record.ms = this.#env.clock.now() - context.begunAt;
    record.outcome = 'error' in settled ? judgeError(context, settled.error) : judge(context, settled.value);
    for (const watcher of record.watchers) unharmed(() => watcher.end(record));
  }
}

/** What it comes to when a filter of the way in is at fault. */
const bug = ({ service }: Context, cause: unknown): MeshError =>
  new MeshError('bug', `${service}: not let in`, { cause });

/** Runs `work` inside all of them, the first outermost. */
function within<T>(watchers: readonly Pick<CallWatcher, 'run'>[], work: () => T): T {
  let run = work;
  for (let at = watchers.length - 1; at >= 0; at--) {
    const watcher = watchers[at]!;
    const inner = run;
    if (watcher.run !== undefined) run = () => watcher.run!(inner);
  }
  return run();
}

// Of each call and attempt that is watched: without closures, which would cost more than most that watch.

/** Who of them watches this call. */
function watchersOf(all: readonly Watcher[], record: CallRecord): CallWatcher[] {
  const watchers: CallWatcher[] = [];
  for (let at = 0; at < all.length; at++) {
    try {
      const watcher = all[at]!.on ? all[at]!.watch(record) : undefined;
      if (watcher !== undefined) watchers.push(watcher);
    } catch {
      // It is at fault, and sees nothing.
    }
  }
  return watchers;
}

/** Who of them watches this attempt. */
function attemptWatchersOf(all: readonly CallWatcher[], record: AttemptRecord): AttemptWatcher[] {
  const watchers: AttemptWatcher[] = [];
  for (let at = 0; at < all.length; at++) {
    try {
      const watcher = all[at]!.attempt?.(record);
      if (watcher !== undefined) watchers.push(watcher);
    } catch {
      // The same.
    }
  }
  return watchers;
}

/** What it gives; nothing when it throws: a call must not fail because somebody looked at it. */
function unharmed<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function isOn(watcher: Watcher): boolean {
  try {
    return watcher.on;
  } catch {
    return false; // as a meter provider of somebody else's may throw
  }
}

function isOnRequests(watcher: Watcher): boolean {
  try {
    return watcher.onRequests === true;
  } catch {
    return false;
  }
}
