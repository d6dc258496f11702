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

/**
 * How many may be under way at once, learnt from how long answers take and whether they come. Algorithm and ceiling come
 * with each call, so that another policy goes on from where the last one was.
 */
export class AdaptiveLimit {
  readonly #window = new AnswerWindow();
  readonly #random: number;
  #algorithm: LimitAlgorithm | undefined;
  #rule: LimitRule | undefined;
  #limit = START;
  #learnt = START;

  /** `random` is from 0 to 1: those that start together do not measure together. */
  constructor(random: number) {
    this.#random = random;
  }

  /** How many may be under way: a whole number from 1 to `most`; 0 when that is 0. */
  limit(most: number): number {
    return whole(this.#limit, most);
  }

  /** The same for those who are not kept out while something is measured. */
  learnt(most: number): number {
    return whole(this.#learnt, most);
  }

  /**
   * Takes in what became of one. `inFlight` were under way when it began, itself counted; `dropped` says that the other
   * side refused it or let its time run out.
   */
  observe(algorithm: LimitAlgorithm, { ms, inFlight, dropped }: Answered, most: number, now: number): void {
    if (this.#rule === undefined || algorithm !== this.#algorithm) {
      this.#rule = RULES[algorithm](Math.max(LEAST, Math.min(most, this.#learnt)), this.#random);
      this.#algorithm = algorithm;
    }
    const rule = this.#rule;
    if (now - ms < rule.since || !this.#window.add(ms, inFlight, dropped, now)) return;
    const { since } = rule;
    rule.update(this.#window.take(now), Math.max(LEAST, most), now);
    if (rule.since !== since) this.#window.restart(now);
    this.#limit = rule.limit;
    this.#learnt = rule.learnt;
  }
}

/** What became of one of those that were under way. */
export interface Answered {
  readonly ms: number;
  readonly inFlight: number;
  readonly dropped: boolean;
}

const whole = (limit: number, most: number): number => Math.min(most, Math.max(LEAST, Math.floor(limit)));
