import { Aimd } from './aimd.ts';
import { AnswerWindow } from './answer-window.ts';
import { Gradient } from './gradient.ts';
import { Gradient2 } from './gradient2.ts';
import { LEAST, type LimitRule } from './limit-rule.ts';
import { Vegas } from './vegas.ts';

/** How a limit is learnt. */
export type LimitAlgorithm = 'aimd' | 'gradient' | 'gradient2' | 'vegas';

/** How many may be under way while nothing has been learnt. Netflix's. */
export const START = 20;

const RULES: Readonly<Record<LimitAlgorithm, (limit: number, random: number) => LimitRule>> = {
  aimd: (limit) => new Aimd(limit),
  gradient: (limit, random) => new Gradient(limit, random),
  gradient2: (limit) => new Gradient2(limit),
  vegas: (limit, random) => new Vegas(limit, random),
};

const FORGOTTEN_MS = 60_000; // a rule that was not asked for so long begins anew: best latencies are believed no longer either

/**
 * How many may be under way at once, learnt from how long answers take and whether they come. Algorithm and ceiling come
 * with each call, so that another policy goes on from where the last one was. Each algorithm learns for itself: routes of
 * one service may go by different ones at the same time.
 */
export class AdaptiveLimit {
  readonly #random: number;
  readonly #learners = new Map<LimitAlgorithm, Learner>();
  #algorithm: LimitAlgorithm | undefined;
  #last: Learner | undefined;

  /** `random` is from 0 to 1: those that start together do not measure together. */
  constructor(random: number) {
    this.#random = random;
  }

  /**
   * How many may be under way by this algorithm, or the one that learnt last: a whole number from 1 to `most`; 0 when that
   * is 0.
   */
  limit(most: number, algorithm = this.#algorithm): number {
    return whole(this.#of(algorithm)?.limit ?? START, most);
  }

  /** The same for those who are not kept out while something is measured. */
  learnt(most: number, algorithm = this.#algorithm): number {
    return whole(this.#of(algorithm)?.learnt ?? START, most);
  }

  /**
   * Takes in what became of one. `inFlight` were under way when it began, itself counted; `dropped` says that the other
   * side refused it or let its time run out.
   */
  observe(algorithm: LimitAlgorithm, answered: Answered, most: number, now: number): void {
    if (algorithm !== this.#algorithm) this.#turnTo(algorithm, most, now);
    this.#last!.observe(answered, most, now);
  }

  /** One that has learnt nothing yet goes by what the last one has. */
  #of(algorithm: LimitAlgorithm | undefined): Learner | undefined {
    if (algorithm === undefined || algorithm === this.#algorithm) return this.#last;
    return this.#learners.get(algorithm) ?? this.#last;
  }

  #turnTo(algorithm: LimitAlgorithm, most: number, now: number): void {
    const last = this.#last;
    let learner = this.#learners.get(algorithm);
    if (learner === undefined || now - learner.at > FORGOTTEN_MS) {
      const { limit, learnt } = last ?? { limit: START, learnt: START };
      const rule = RULES[algorithm](Math.max(LEAST, Math.min(most, learnt)), this.#random);
      learner = new Learner(rule, limit, learnt);
      this.#learners.set(algorithm, learner);
    }
    this.#algorithm = algorithm;
    this.#last = learner;
  }
}

/** One algorithm, and what it has learnt. */
class Learner {
  limit: number;
  learnt: number;
  /** When it took in something last. */
  at = 0;
  readonly #rule: LimitRule;
  readonly #window = new AnswerWindow();
  #most = LEAST; // the highest ceiling of the answers of this window: routes of one service may have different ones

  constructor(rule: LimitRule, limit: number, learnt: number) {
    this.#rule = rule;
    this.limit = limit;
    this.learnt = learnt;
  }

  observe({ ms, inFlight, dropped }: Answered, most: number, now: number): void {
    this.at = now;
    this.#most = Math.max(this.#most, most);
    const rule = this.#rule;
    if (now - ms < rule.since || !this.#window.add(ms, inFlight, dropped, now)) return;
    const { since } = rule;
    rule.update(this.#window.take(now), this.#most, now);
    this.#most = LEAST;
    if (rule.since !== since) this.#window.restart(now);
    this.limit = rule.limit;
    this.learnt = rule.learnt;
  }
}

/** What became of one of those that were under way. */
export interface Answered {
  readonly ms: number;
  readonly inFlight: number;
  readonly dropped: boolean;
}

const whole = (limit: number, most: number): number => Math.min(most, Math.max(LEAST, Math.floor(limit)));
