import type { UserBreaker } from '../core/breakers.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { passes, refuses, type SlotPlan } from '../core/plan.ts';
import type { Policy } from '../policy/table.ts';
import type { Subject } from './breaker.ts';
import type { CircuitFacts, CircuitState } from './facts.ts';

const MOVES = ['open', 'halfOpen', 'close'] as const;

/**
 * A circuit of the user's own: an opossum instance that exists already. When it opens, tries and closes is as its options
 * say; its events, counts and fallback go on as ever. It is told verdicts, and never runs a call of ours.
 */
export class Adopted {
  readonly #env: Env;
  readonly #subject: Subject;
  readonly #theirs: UserBreaker;
  readonly #moved = () => this.#move();
  #mode: Policy['circuit']['mode'] = 'enforce';
  #term = 1;
  #probeUntil = Number.NEGATIVE_INFINITY;
  #calls = 0;
  #failures = 0;
  #slow = 0;
  #by: Context | undefined; // the call whose verdict it is being told

  constructor(env: Env, subject: Subject, theirs: UserBreaker) {
    this.#env = env;
    this.#subject = subject;
    this.#theirs = theirs;
    for (const move of MOVES) theirs.on(move, this.#moved);
  }

  get state(): CircuitState {
    if (this.#theirs.halfOpen) return 'half-open';
    return this.#theirs.opened || this.#theirs.isShutdown ? 'open' : 'closed';
  }

  /** Asks to call. Gives back the term, which the verdict must bring; nothing means: do not call. */
  admit({ mode, open }: Policy['circuit'], now: number): number | undefined {
    this.#mode = mode;
    if (!this.#theirs.enabled && !this.#theirs.isShutdown) return this.#term;
    const { state } = this;
    if (state === 'closed') return this.#term;
    if (state === 'half-open' && now >= this.#probeUntil) {
      this.#probeUntil = now + open; // should it never report, the next may try
      return this.#term;
    }
    if (mode !== 'observe') this.#fire(); // counted and told as `reject`, as they know it
    return undefined;
  }

  /** What `admit` would say, for who only looks. */
  plan(now: number): SlotPlan {
    const { state } = this;
    if (!this.#theirs.enabled && !this.#theirs.isShutdown) return passes('circuit', 'yours is not enabled');
    if (state === 'closed') return passes('circuit', 'yours is closed');
    if (state === 'half-open' && now >= this.#probeUntil)
      return passes('circuit', 'yours is half-open: this one tries');
    return refuses('circuit', `yours is ${this.#theirs.isShutdown ? 'shut down' : state}`);
  }

  /** A call came to an end. Counts only when the circuit has not moved since it began. It knows no other fault than failure. */
  report(term: number, verdict: Outcome['is'], _now: number, slow: boolean, why: string, by?: Context): void {
    if (term !== this.#term) return;
    this.#probeUntil = Number.NEGATIVE_INFINITY;
    if (verdict === 'none') return;
    const is = slow ? 'failure' : verdict;
    this.#calls++;
    if (slow) this.#slow++;
    if (is === 'failure') this.#failures++;
    const theirs = this.#theirs as UserBreaker & { action: unknown }; // which its types keep to themselves
    const { action } = theirs;
    this.#by = by;
    theirs.action = () => settled(is === 'failure' ? new Error(why) : undefined);
    this.#fire();
    this.#by = undefined;
    theirs.action = action; // theirs again before anybody else could fire it
  }

  /** Fires it. A listener of theirs that throws is not the affair of a call. */
  #fire(): void {
    try {
      this.#theirs.fire().catch(nothing);
    } catch {
      // Nobody to tell.
    }
  }

  /** What a call gets that was not admitted. */
  refusal(): MeshError {
    const { service, route } = this.#subject;
    const what = route === '' ? 'the circuit that was given' : `the circuit that was given for ${route}`;
    const is = this.#theirs.isShutdown ? 'shut down' : this.state;
    return new MeshError('circuit', `${service}: ${what} is ${is}`, { sent: 'no', service });
  }

  /** How it stands; counts are since it last moved. */
  facts(): CircuitFacts {
    return {
      route: this.#subject.route,
      state: this.state,
      calls: this.#calls,
      failures: this.#failures,
      slow: this.#slow,
      triesInMs: null,
    };
  }

  /** Lets go of it. It is not shut down: whoever made it ends it. */
  close(): void {
    this.#term++;
    for (const move of MOVES) this.#theirs.off(move, this.#moved);
  }

  #move(): void {
    this.#term++;
    this.#probeUntil = Number.NEGATIVE_INFINITY;
    const { clock, events } = this.#env;
    const [calls, failures, slow] = [this.#calls, this.#failures, this.#slow];
    [this.#calls, this.#failures, this.#slow] = [0, 0, 0];
    if (!events.hears('circuit')) return;
    const enforced = this.#mode !== 'observe';
    const { state } = this;
    const counts = { calls, failures, slow };
    const facts = { at: clock.epoch(), ...this.#subject, state, ...counts, forMs: 0, enforced };
    events.emit({ ...facts, type: 'circuit' }, this.#by);
  }
}

/** Settles while it is asked, so that opossum hears of a verdict in one step. */
function settled(error: Error | undefined): unknown {
  const promise = {
    // biome-ignore lint/suspicious/noThenProperty: it stands in for a promise that has settled
    then: (fulfilled: () => void) => {
      if (error === undefined) fulfilled();
      return promise;
    },
    catch: (rejected: (reason: unknown) => void) => {
      if (error !== undefined) rejected(error);
    },
  };
  return promise;
}

const nothing = () => {}; // the caller has the answer; this was only a verdict, which nobody waits for
