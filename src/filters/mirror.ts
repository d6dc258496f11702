import type { Call } from '../core/call.ts';
import { type Comparison, comparedOf, contentOf, letGo, looked } from '../core/compare.ts';
import { type Context, copy, History } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { judge, judgeError } from '../core/judge.ts';
import type { Mirrors } from '../core/mirrors.ts';
import { answerOf, type Outcome } from '../core/outcome.ts';
import { nothing, type SlotPlan, sends } from '../core/plan.ts';
import { race } from '../core/race.ts';
import type { Reach } from '../core/reach.ts';
import { Scope } from '../core/scope.ts';
import { ask, type Filter, type Service } from '../core/service.ts';
import type { Policy } from '../policy/table.ts';

/** Tells who gets a copy whose call it is one of. */
const MIRROR_HEADER = 'x-inmesh-mirror';

/** Makes some calls to another service as well, after they are on their way, and gives nobody what comes of it. */
export function mirror<Res>(env: Env, mirrors: Mirrors, reach: Reach): Filter<Call<Res>, Res> {
  return (next) => (call, context) => {
    if (copiesNothing(context.policy) || !context.replayable) return next(call, context);
    const { share, most } = context.policy.mirror;
    const answer = ask(next, call, context); // first of all: nothing that follows holds it up
    if (share < 1 && env.random.next() >= share) return answer;
    if (mirrors.admits(most)) new Mirrored(env, mirrors, call, context).begin(reach, answer);
    return answer;
  };
}

/** Whether nobody gets a copy. */
export const copiesNothing = ({ mirror }: Policy): boolean => mirror.to === '';

/** What became of one of the two, and what is known of its answer. */
interface Ended {
  readonly outcome: Outcome;
  readonly ms: number;
  readonly answer: unknown;
  /** What it says, for the hook that compares; pending while it comes, or for ever. */
  readonly content: unknown;
}

/** A call and its copy. Nothing of it ever rejects, and the copy's place is free at the latest when its time is up. */
class Mirrored<Res> {
  readonly #env: Env;
  readonly #mirrors: Mirrors;
  readonly #call: Call<Res>;
  readonly #context: Context;
  readonly #scope = new Scope(); // of the copy

  constructor(env: Env, mirrors: Mirrors, call: Call<Res>, context: Context) {
    this.#env = env;
    this.#mirrors = mirrors;
    this.#call = call;
    this.#context = context;
  }

  begin(reach: Reach, answer: Promise<Res>): void {
    const copied = this.#send(reach);
    const { compare, events } = this.#env;
    if (compare === undefined && !events.hears('mirror')) return void this.#finish(copied);
    const primary = this.#watch(answer);
    void Promise.all([primary, copied]).then(([one, other]) => this.#tell(one, other));
    void this.#finish(copied, primary);
  }

  /** Comes to how the call ended: by its answer, or by being called off, also where its client never lets go. */
  #watch(answer: Promise<Res>): Promise<Ended> {
    const context = this.#context;
    const { scope, begunAt } = context;
    return new Promise((resolve) => {
      const off = (reason: unknown) => resolve(this.#ended(judgeError(context, reason), begunAt, undefined, false));
      const end = (outcome: () => Outcome, value: unknown): void => {
        if (scope.cancelled) return;
        scope.offCancel(off);
        resolve(this.#ended(outcome(), begunAt, value, false));
      };
      answer.then(
        (value) => end(() => judge(context, value), value), // the first to see it, before it is read
        (error) => end(() => judgeError(context, error), answerOf(error)),
      );
      scope.onCancel(off);
    });
  }

  /** Sends the copy, and comes to how it ended. */
  async #send(reach: Reach): Promise<Ended> {
    const { clock } = this.#env;
    const own = copy(this.#context);
    own.scope = this.#scope;
    own.begunAt = clock.now();
    try {
      const { to } = this.#context.policy.mirror;
      const reached = reach(to, this.#call as Call<unknown>);
      const { trace, baggage, requestId } = this.#context.history;
      own.service = to;
      own.policy = reached.policy;
      own.route = reached.route;
      own.history = new History(trace, 'sheddable', baggage, requestId); // of the two it is the one to be shed
      own.history.shared = true; // the caller's signal is not for this one
      this.#mirrors.begin(this.#env, own);
      const headers = { ...this.#call.headers, [MIRROR_HEADER]: this.#context.service };
      const way = reached.below('mirror') as unknown as Service<Call<Res>, Res>;
      const value = await race(ask(way, { ...this.#call, headers, fallback: undefined }, own), own.scope);
      return this.#ended(judge(own, value), own.begunAt, value, true);
    } catch (error) {
      return this.#ended(judgeError(own, error), own.begunAt, answerOf(error), false);
    }
  }

  #ended(outcome: Outcome, begunAt: number, answer: unknown, forNobody: boolean): Ended {
    const ms = this.#env.clock.now() - begunAt;
    const content =
      this.#env.compare === undefined ? undefined : contentOf(this.#call, answer, outcome.status, forNobody);
    return { outcome, ms, answer, content };
  }

  /** Lets go of the copy's answer; where somebody compares, once it is read, and as long as the call's own is. */
  async #finish(copied: Promise<Ended>, primary?: Promise<Ended>): Promise<void> {
    const scope = this.#scope;
    const other = await copied;
    const { compare } = this.#env;
    const copyBody = await looked(other.content, scope);
    await letGo(other.answer, scope);
    const body =
      compare &&
      primary &&
      (await looked(
        primary.then(({ content }) => content),
        scope,
      ));
    const inTime = !scope.cancelled;
    this.#mirrors.end(scope, other.outcome.is !== 'success');
    if (compare === undefined || primary === undefined) return;
    const one = await primary;
    const { service, route = '', policy } = this.#context;
    const comparison: Comparison = {
      service,
      route,
      to: policy.mirror.to,
      primary: comparedOf(one, inTime ? body : undefined),
      copy: comparedOf(other, inTime ? copyBody : undefined),
    };
    new Promise((resolve) => resolve(compare(comparison))).catch(() => {}); // it is the user's, and nobody waits for it
  }

  /** Tells of both when both are over. */
  #tell(one: Ended, other: Ended): void {
    const { clock, events } = this.#env;
    if (!events.hears('mirror')) return;
    const { service, route = '', policy } = this.#context;
    events.emit({
      at: clock.epoch(),
      type: 'mirror',
      service,
      route,
      to: policy.mirror.to,
      outcome: one.outcome.is,
      why: one.outcome.why,
      ms: one.ms,
      copyOutcome: other.outcome.is,
      copyWhy: other.outcome.why,
      copyMs: other.ms,
    });
  }
}

/** What it would do with a call, for who only looks. */
export function planMirror({ policy: { mirror }, replayable }: Context, underWay: number): SlotPlan {
  const { to, share, most } = mirror;
  if (to === '' || share === 0) return nothing('mirror', 'off');
  if (!replayable) return nothing('mirror', 'what can not be sent twice is not copied');
  if (underWay >= most) return nothing('mirror', `not copied to ${to}: as many copies are under way as may be`);
  return sends('mirror', `copied to ${to}, for nobody`, share);
}
