import type { Context, Flight, Landing } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { judge, judgeError } from '../core/judge.ts';
import type { Node } from '../core/node.ts';
import { answerOf, discard, headerOf, type Outcome } from '../core/outcome.ts';
import { NOBODY_PASSED, type PassedOver } from '../core/passed-over.ts';
import { LoadWeight } from '../math/load-weight.ts';
import { micros } from '../math/micros.ts';
import { readOrca } from '../wire/orca.ts';
import type { Trace } from '../wire/trace-context.ts';

const TOO_MANY = 429;

/** Keeps account of one attempt: the calls under way at its node, what its answer taught, and what is told of it. */
export class AttemptFlight implements Flight {
  readonly node: Node;
  readonly at: number;
  readonly term: number;
  trace: Trace | undefined = undefined;
  readonly #env: Env;
  readonly #context: Context;
  #first: Landing | undefined = undefined; // nearly always there is one, so it needs no list
  #others: Landing[] | undefined = undefined;
  #ended = false;
  #passedOver: readonly PassedOver[] | undefined = undefined;

  /** Begins it. `context` is that of the call. */
  constructor(env: Env, context: Context, node: Node, now: number) {
    this.#env = env;
    this.#context = context;
    this.node = node;
    this.at = now;
    this.term = node.ejection.term;
    if (node.inFlight++ === 0) node.silentSince = now;
    node.all.inFlight++;
    node.calls++;
    if (context.history.attempts++ > 0) void this.passedOver; // one failed before: as they stand now, not at its end
    context.history.last = node;
    context.history.outcome = undefined; // what was judged before is not this
    context.scope.onCancel(this);
  }

  get passedOver(): readonly PassedOver[] {
    if (this.#passedOver === undefined) {
      const { history, policy } = this.#context;
      const ask = history.target === undefined ? this.node.all.passedOver : undefined; // sent there, nobody chose
      this.#passedOver = ask?.(this.node, policy, history.tried, history.priority) ?? NOBODY_PASSED;
    }
    return this.#passedOver;
  }

  get waitedMs(): number {
    const { begunAt, history } = this.#context;
    const before = history.reports.reduce((latest, { beganMs, ms }) => Math.max(latest, beganMs + ms), 0);
    return Math.max(0, micros(this.at - begunAt - before));
  }

  onEnd(landing: Landing): void {
    if (this.#first === undefined) this.#first = landing;
    else if (this.#others === undefined) this.#others = [landing];
    else this.#others.push(landing);
  }

  /** It came to an answer. */
  answered(value: unknown): void {
    if (this.#ended) {
      discard(value); // nobody waits for it any more
      return;
    }
    this.#context.scope.offCancel(this);
    if (this.#context.policy.balance.load === 'orca') this.#weigh(value);
    this.#end(judge(this.#context, value));
  }

  /** It came to an error. */
  failed(error: unknown): void {
    if (this.#ended) return;
    this.#context.scope.offCancel(this);
    if (this.#context.policy.balance.load === 'orca') this.#weigh(answerOf(error));
    this.#end(judgeError(this.#context, error));
  }

  /** The call is over, whether or not the client that sends listens to its signal. */
  calledOff(reason: unknown): void {
    this.#end(judgeError(this.#context, reason));
  }

  #end(outcome: Outcome): void {
    this.#ended = true;
    const now = this.#env.clock.now();
    const ms = now - this.at;
    this.#learn(outcome, now, ms);
    this.#first?.(outcome, now, this, this.#context);
    if (this.#others !== undefined) for (const landing of this.#others) landing(outcome, now, this, this.#context);
    if (this.node.all.freed !== undefined) this.node.all.freed();
    // A probe that nobody judged must not be the last one.
    if (this.node.ejection.undecided(this.term, now)) this.node.all.moved(this.node);
    if (outcome.is !== 'success' || outcome.status >= 400) this.#note(outcome, ms);
    if (this.#env.events.hears('attempt')) this.#tell(outcome, ms);
  }

  #learn({ is, status }: Outcome, now: number, ms: number): void {
    const { node } = this;
    const { decay, penalty } = this.#context.policy.balance;
    node.inFlight--;
    node.all.inFlight--;
    node.silentSince = now;
    // A refusal is quick. It must not look like a quick answer, or the busiest would get the most (Linkerd's load biaser).
    if (is === 'failure' || status === TOO_MANY)
      node.latency.observe(Math.max(ms, penalty, node.latency.read(now, decay)), now, decay);
    // A call that was called off says only that the answer would have taken longer still.
    else if (is === 'success' || ms > node.latency.read(now, decay)) node.latency.observe(ms, now, decay);
  }

  /** Takes in what an answer tells of the load of who gave it. */
  #weigh(answer: unknown): void {
    const report = readOrca((name) => headerOf(answer, name));
    if (report === undefined) return;
    const { rps = 0, eps = 0, applicationUtilization = 0, cpuUtilization = 0 } = report;
    this.node.load ??= new LoadWeight();
    this.node.load.observe({ rps, eps, utilization: applicationUtilization || cpuUtilization }, this.#env.clock.now());
  }

  #note({ is, why, sent, status }: Outcome, ms: number): void {
    const { history, attempt, begunAt, policy } = this.#context;
    const { node, at, waitedMs } = this;
    const beganMs = micros(at - begunAt);
    // An answer such as 404 is nothing to explain, and there may be many.
    const isFine = is === 'success' && !policy.retry.on.has(status);
    const passedOver = isFine ? (this.#passedOver ?? NOBODY_PASSED) : this.passedOver;
    const { address } = node.endpoint;
    const report = {
      attempt,
      endpoint: address,
      outcome: is,
      why,
      sent,
      ms: micros(ms),
      beganMs,
      waitedMs,
      passedOver,
    };
    history.reports = withOne(history.reports, report);
    history.tried = withOne(history.tried, this.node);
  }

  #tell({ is, why, sent }: Outcome, ms: number): void {
    const { clock, events } = this.#env;
    const { service, attempt } = this.#context;
    const endpoint = this.node.endpoint.address;
    events.emit({ at: clock.epoch(), type: 'attempt', service, attempt, endpoint, outcome: is, why, sent, ms });
  }
}

/** A list of its own: who was told of the one before keeps that. Most calls have no second attempt. */
const withOne = <T>(list: readonly T[], one: T): T[] => (list.length === 0 ? [one] : [...list, one]);
