import Opossum from 'opossum';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { passes, refuses, type SlotPlan } from '../core/plan.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/table.ts';
import { type CircuitFacts, type CircuitState, sayCircuit } from './facts.ts';
import { Window } from './window.ts';

export type Limits = Policy['circuit'];

/** What a breaker is for: a service, or one of its routes. */
export interface Subject {
  readonly service: string;
  /** Empty when it is for the whole service. */
  readonly route: string;
}

/**
 * The circuit of a service or a route: opossum, fed with verdicts, and given a short life.
 *
 *     closed ──too many fail, or are slow──▶ open ──time is up──▶ half-open ──success──▶ closed
 *                                             ▲                       │
 *                                             └───failure, slowness───┘
 *
 * Each opossum breaker lives for one term, which ends when it opens and has waited, so an answer of a call that began
 * before can not reach the next. It is told of a call when the verdict is known, at once and in one step.
 */
export class Breaker {
  readonly #env: Env;
  readonly #subject: Subject;
  #limits: Limits;
  #window: Window;
  #opossum: Opossum<[boolean], void>;
  #term = 1;
  #openedAt = 0;
  #share = 1; // of `circuit.open`, drawn anew each time, so that not all callers probe at the same moment
  #why = '';
  #probeUntil = Number.NEGATIVE_INFINITY;

  constructor(env: Env, subject: Subject, limits: Limits, now: number) {
    this.#env = env;
    this.#subject = subject;
    this.#limits = limits;
    this.#window = new Window(limits.window, now);
    this.#opossum = makeOpossum(this.#window, limits, 'closed');
  }

  get state(): CircuitState {
    if (this.#opossum.closed) return 'closed';
    return this.#opossum.halfOpen ? 'half-open' : 'open';
  }

  /** Asks to call. Gives back the term, which the verdict must bring; nothing means: do not call. */
  admit(limits: Limits, now: number, by?: Context): number | undefined {
    if (limits !== this.#limits) this.#follow(limits, now);
    if (this.#opossum.closed) return this.#term;
    if (this.#opossum.opened) {
      if (now < this.#triesAt) return undefined;
      this.#halfOpen(now, by);
    }
    if (now < this.#probeUntil) return undefined; // one call is trying
    this.#probeUntil = now + limits.open; // should it never report, the next may try
    return this.#term;
  }

  /** What `admit` would say, for who only looks. */
  plan(now: number): SlotPlan {
    const facts = this.facts(now);
    if (facts.state === 'closed') return passes('circuit', sayCircuit(facts));
    const leftMs = facts.state === 'open' ? facts.triesInMs : Math.max(0, Math.ceil(this.#probeUntil - now));
    return leftMs > 0
      ? refuses('circuit', sayCircuit(facts), leftMs)
      : passes('circuit', 'half-open: this one tries whether the service is well again');
  }

  /** A call came to an end. Counts only in the term that it began in. */
  report(term: number, is: Outcome['is'], now: number, slow = false, _why?: string, by?: Context): void {
    if (term !== this.#term) return;
    if (is === 'none') {
      this.#probeUntil = Number.NEGATIVE_INFINITY;
      return;
    }
    const wasClosed = this.#opossum.closed;
    this.#window.now = now;
    if (slow) this.#window.addSlow();
    const counts = this.#limits.slow.over !== Number.POSITIVE_INFINITY;
    // A call that tries and is slow shows that the service is not well: for opossum it has failed.
    const triedSlowly = counts && slow && !wasClosed && is === 'success';
    if (triedSlowly) this.#window.increment('fires');
    else this.#opossum.fire(is === 'failure');
    if (triedSlowly || (counts && this.#opossum.closed && this.#isTooSlow)) this.#opossum.open();
    if (this.#opossum.opened) this.#opened(now, by);
    else if (!wasClosed) this.#tell('closed', 0, by);
  }

  /** What a call gets that was not admitted. */
  refusal(now: number): MeshError {
    const { service } = this.#subject;
    const retryAfterMs = this.#opossum.opened ? Math.max(0, this.#triesAt - now) : undefined;
    return new MeshError('circuit', `${service}: ${this.#why}`, { sent: 'no', service, retryAfterMs });
  }

  /** How it stands, for people and machines. */
  facts(now: number): CircuitFacts & { readonly triesInMs: number } {
    this.#window.now = now;
    const { stats, slow } = this.#window;
    const triesInMs = this.#opossum.opened ? Math.max(0, Math.ceil(this.#triesAt - now)) : 0;
    const counts = { calls: stats.fires, failures: stats.failures, slow };
    return { route: this.#subject.route, state: this.state, ...counts, triesInMs };
  }

  /** Ends it. Whatever is still reported counts for nothing. */
  close(): void {
    this.#term++;
    this.#opossum.shutdown();
  }

  get #triesAt(): number {
    return this.#openedAt + this.#limits.open * this.#share;
  }

  /** Whether slowness alone is enough to open. */
  get #isTooSlow(): boolean {
    const { fires } = this.#window.stats;
    return fires >= this.#limits.volume && this.#window.slow >= this.#limits.slow.share * fires - ROUNDING;
  }

  /** A policy has brought other numbers: the state and the counts stay. */
  #follow(limits: Limits, now: number): void {
    const { threshold, volume, window } = this.#limits;
    this.#limits = limits;
    if (limits.threshold === threshold && limits.volume === volume && limits.window === window) return;
    if (limits.window !== window) this.#window = this.#window.resize(limits.window, now);
    this.#renew(this.state);
  }

  #halfOpen(now: number, by: Context | undefined): void {
    this.#term++;
    this.#probeUntil = Number.NEGATIVE_INFINITY;
    this.#window = new Window(this.#limits.window, now); // what is closed again begins anew
    this.#renew('half-open');
    this.#why = `${this.#what} is half-open, one call is trying whether it is well again`;
    this.#tell('half-open', 0, by);
  }

  #opened(now: number, by: Context | undefined): void {
    this.#term++;
    this.#openedAt = now;
    this.#share = 1 - this.#env.random.next() / 2;
    const { fires, failures } = this.#window.stats;
    const { slow } = this.#window;
    const failed = `${failures} of ${fires} calls failed`;
    const lasted = `${slow} took longer than ${formatDuration(this.#limits.slow.over)}`;
    this.#why = `${this.#what} is open, ${slow > 0 ? `${failed}, ${lasted}` : failed}`;
    this.#tell('open', this.#limits.open * this.#share, by);
  }

  get #what(): string {
    const { route } = this.#subject;
    return route === '' ? 'the circuit' : `the circuit of ${route}`;
  }

  #renew(state: CircuitState): void {
    this.#opossum.shutdown();
    this.#opossum = makeOpossum(this.#window, this.#limits, state);
  }

  #tell(state: CircuitState, forMs: number, by: Context | undefined): void {
    const { clock, events } = this.#env;
    if (!events.hears('circuit')) return;
    const { fires: calls, failures } = this.#window.stats;
    const counts = { calls, failures, slow: this.#window.slow };
    const enforced = this.#limits.mode === 'enforce';
    events.emit({ at: clock.epoch(), type: 'circuit', ...this.#subject, state, ...counts, forMs, enforced }, by);
  }
}

const NEVER_MS = 2 ** 31 - 1; // our clock says when it is half-open; opossum's own timer would be another clock
const ROUNDING = 1e-9; // opossum asks for more than the threshold, and "at least" is what people expect

/** An opossum breaker with nothing in it that could surprise. The options are its own: opossum writes into them. */
function makeOpossum(window: Window, { threshold, volume }: Limits, state: CircuitState): Opossum<[boolean], void> {
  const options = {
    timeout: false,
    enableSnapshots: false,
    rollingPercentilesEnabled: false,
    resetTimeout: NEVER_MS,
    errorThresholdPercentage: threshold * 100 - ROUNDING,
    volumeThreshold: volume,
    status: window as unknown as Opossum.Status,
    state: { closed: state === 'closed', halfOpen: state === 'half-open' },
  };
  return new Opossum<[boolean], void>(settled, options as Opossum.Options<[boolean]>).fallback(nothing);
}

/** What opossum is given to run: it has ended by the time it is asked, so opossum hears of it in one step. */
const settled = (failed: boolean): Promise<void> => (failed ? FAILED : SUCCEEDED) as unknown as Promise<void>;

const FAILED = new (class {
  // biome-ignore lint/suspicious/noThenProperty: it stands in for a promise that has been rejected
  then = () => this;
  catch = (rejected: (reason: unknown) => void) => rejected(undefined);
})();

const SUCCEEDED = new (class {
  // biome-ignore lint/suspicious/noThenProperty: it stands in for a promise that has been fulfilled
  then = (fulfilled: () => void) => {
    fulfilled();
    return this;
  };
  catch = () => {};
})();

const nothing = () => {}; // the caller has the answer; this was only a verdict, which nobody waits for
