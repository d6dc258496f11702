import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { judge, judgeError } from '../core/judge.ts';
import type { Cancel } from '../core/live.ts';
import type { Outcome } from '../core/outcome.ts';
import { Ring } from '../core/ring.ts';
import type { Scope } from '../core/scope.ts';

/** The calls of one mesh that have begun and not ended. */
export class CallsUnderWay {
  readonly env: Env;
  readonly #scopes = new Ring<Scope>();
  #idle: (() => void) | undefined;

  /** Hears of each that failed; `error` is what its caller got, where that was one. */
  readonly failed: (context: Context, outcome: Outcome, error?: unknown) => void;

  constructor(env: Env, failed: CallsUnderWay['failed']) {
    this.env = env;
    this.failed = failed;
  }

  /** A call has begun. */
  add(scope: Scope): void {
    this.#scopes.add(scope);
  }

  /** A call is over. */
  delete(scope: Scope): void {
    this.#scopes.delete(scope);
    if (this.#idle !== undefined && this.#scopes.isEmpty) this.#idle();
  }

  /** Waits until there are none, for `timeoutMs` at most; then calls off those that are left. */
  async finish(timeoutMs: number): Promise<void> {
    if (this.#scopes.isEmpty) return;
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    const timer = this.env.clock.schedule(timeoutMs, () => {
      for (const scope of this.#scopes) scope.cancel(new MeshError('closed', 'the mesh was closed', { sent: 'maybe' }));
    });
    await idle;
    timer.cancel();
  }
}

/**
 * One of them. It comes to its answer, or to the reason why it was called off: then it is over, whatever it is that it
 * waits for. This is what enforces the deadline.
 */
export class CallUnderWay {
  readonly #calls: CallsUnderWay;
  readonly #context: Context;
  readonly #unfollow: Cancel | undefined;
  #resolve: ((value: never) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** `unfollow` lets go of the caller's signal. */
  constructor(calls: CallsUnderWay, context: Context, unfollow: Cancel | undefined) {
    this.#calls = calls;
    this.#context = context;
    this.#unfollow = unfollow;
    calls.add(context.scope);
  }

  /** What it comes to, `answer` being on its way. */
  end<Res>(answer: Promise<Res>): Promise<Res> {
    const end = new Promise<Res>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    answer.then(
      (value) => this.#answered(value),
      (error) => this.#failed(error),
    );
    this.#context.scope.onCancel(this);
    return end;
  }

  /** @internal */
  calledOff(reason: unknown): void {
    const { history } = this.#context;
    if (MeshError.is(reason)) reason.attempts = history.reports; // with the one that was under way
    const isCallers = MeshError.is(reason) && reason.reason === 'caller';
    this.#over();
    this.#reject!(reason);
    if (!isCallers) this.#calls.failed(this.#context, judgeError(this.#context, reason), reason);
    if (this.#calls.env.events.hears('call')) this.#tell(isCallers ? 'none' : 'failure');
  }

  #answered(value: unknown): void {
    if (this.#context.scope.cancelled) return;
    this.#over();
    this.#resolve!(value as never);
    const { outcome, settled } = this.#context.history;
    if (outcome?.is === 'failure' && settled === value) this.#calls.failed(this.#context, outcome);
    if (this.#calls.env.events.hears('call')) this.#tell(judge(this.#context, value).is);
  }

  #failed(error: unknown): void {
    if (this.#context.scope.cancelled) return;
    this.#over();
    this.#reject!(error);
    this.#calls.failed(this.#context, judgeError(this.#context, error), error);
    if (this.#calls.env.events.hears('call')) this.#tell('failure');
  }

  #over(): void {
    this.#unfollow?.();
    const { scope } = this.#context;
    scope.end();
    this.#calls.delete(scope);
  }

  #tell(outcome: Outcome['is']): void {
    const { service, history, begunAt } = this.#context;
    const { clock, events } = this.#calls.env;
    const ms = clock.now() - begunAt;
    events.emit({ at: clock.epoch(), type: 'call', service, outcome, attempts: history.attempts, ms });
  }
}
