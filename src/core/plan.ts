/**
 * What a slot would do with a call now. `nothing`: it is off, or has no say in such a call. `passes`: it looked, and lets
 * the call go on. `waits`, `refuses`, `answers`: it would hold it up, end it, or answer it itself. `sends`: it would send
 * it elsewhere, or elsewhere as well. `unasked`: it is a filter of the user's own, which can not be asked without a call.
 */
export type SlotDoes = 'nothing' | 'passes' | 'waits' | 'refuses' | 'answers' | 'sends' | 'unasked';

/** What a slot would do with a call now, and why, as plain JSON. */
export interface SlotPlan {
  /** Its name. */
  readonly slot: string;
  /** What it would do. */
  readonly does: SlotDoes;
  /** As words. */
  readonly why: string;
  /** Of how many calls like this one that is so, from 0 to 1; the others pass. 1 where chance has no part in it. */
  readonly share: number;
  /** How long it would be held up, or how long there is no room; 0 where that is no question. */
  readonly waitMs: number;
}

const plan = (slot: string, does: SlotDoes, why: string, waitMs = 0, share = 1): SlotPlan => ({
  slot,
  does,
  why,
  share,
  waitMs,
});

/** It is off, or has no say. */
export const nothing = (slot: string, why: string): SlotPlan => plan(slot, 'nothing', why);

/** It lets the call go on. */
export const passes = (slot: string, why: string): SlotPlan => plan(slot, 'passes', why);

/** It holds the call up. */
export const waits = (slot: string, why: string, waitMs: number, share = 1): SlotPlan =>
  plan(slot, 'waits', why, waitMs, share);

/** It ends the call. `waitMs` says how long until it would not. */
export const refuses = (slot: string, why: string, waitMs = 0, share = 1): SlotPlan =>
  plan(slot, 'refuses', why, waitMs, share);

/** It answers the call itself. */
export const answers = (slot: string, why: string): SlotPlan => plan(slot, 'answers', why);

/** It sends the call elsewhere, or elsewhere as well. */
export const sends = (slot: string, why: string, share = 1): SlotPlan => plan(slot, 'sends', why, 0, share);

/** Nobody knows: it is a filter of the user's own. */
export const unasked = (slot: string): SlotPlan =>
  plan(slot, 'unasked', 'a filter of your own: what it would do only a call can tell');

/** A share, for people: `5 %`, `0.25 %`. */
export const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
