import type { Policy } from '../policy/table.ts';
import { CHECK_HEADER } from '../wire/nack.ts';
import { field } from './fields.ts';
import { type Asked, type ReadyRule, readyRule } from './rules.ts';

type Settings = Policy['authorize'];

/** What the rules say of a request. */
export interface Verdict {
  readonly allowed: boolean;
  /** The rule that decided; empty where none did. */
  readonly rule: string;
  /** Why, to end a sentence. */
  readonly why: string;
}

/** Asks who knows more than the rules; rejects when there is no answer in time. */
export type Check = (url: string, asked: Asked) => Promise<boolean>;

/** What the rules say, and what they would say if those that only observe had a say. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly observed: Verdict;
  /** Rules of action `audit` that fit. */
  readonly audits: readonly string[];
}

const ready = new WeakMap<Settings['rules'], readonly ReadyRule[]>();

/** The rules of a policy, made ready once. */
function readyRules(rules: Settings['rules']): readonly ReadyRule[] {
  let made = ready.get(rules);
  if (made === undefined) {
    made = rules.map(readyRule);
    ready.set(rules, made);
  }
  return made;
}

/** Judges a request by rules: custom, deny, allow. A promise only where somebody else is asked. */
export function judgeRequest(settings: Settings, asked: Asked, check: Check): Judgement | Promise<Judgement> {
  const fitting = readyRules(settings.rules).filter((rule) => rule.fits(asked));
  const judgement = judgementOf(settings, fitting);
  const customs = fitting.filter(({ action }) => action === 'custom');
  const custom = customs.find(enforced) ?? customs[0]; // one that bites is asked before one that only observes
  if (custom === undefined || !(judgement.verdict.allowed || judgement.observed.allowed)) return judgement;
  if (settings.check === '') return denied(judgement, custom, 'asks a check, and the policy names none');
  if (field(asked.headers, CHECK_HEADER) !== undefined) return denied(judgement, custom, 'asks no check about a check');
  return Promise.resolve()
    .then(() => check(settings.check, asked))
    .catch(() => undefined)
    .then((answer) => {
      if (answer === false) return denied(judgement, custom, 'asked, and the answer was no');
      const isAway = answer !== true;
      if (isAway && settings.whenAway === 'deny') return denied(judgement, custom, 'asked, and there was no answer');
      return judgement;
    });
}

/** The judgement where whom a custom rule asked says no: it is so, or where the rule only observes, would be. */
function denied(judgement: Judgement, { name, observe }: ReadyRule, why: string): Judgement {
  const verdict = { allowed: false, rule: name, why: `${name} ${why}` };
  return { ...judgement, observed: verdict, verdict: observe ? judgement.verdict : verdict };
}

function judgementOf(settings: Settings, fitting: readonly ReadyRule[]): Judgement {
  const audits = fitting.filter(({ action }) => action === 'audit').map(({ name }) => name);
  const all = readyRules(settings.rules);
  const verdict = verdictOf(settings, fitting.filter(enforced), all.filter(enforced));
  const observes = all.some(({ observe }) => observe);
  return { verdict, observed: observes ? verdictOf(settings, fitting, all) : verdict, audits };
}

const enforced = ({ observe }: ReadyRule): boolean => !observe;

function verdictOf(settings: Settings, fitting: readonly ReadyRule[], all: readonly ReadyRule[]): Verdict {
  const deny = fitting.find(({ action }) => action === 'deny');
  if (deny !== undefined) return { allowed: false, rule: deny.name, why: `${deny.name} denies it` };
  const allow = fitting.find(({ action }) => action === 'allow');
  if (allow !== undefined) return { allowed: true, rule: allow.name, why: `${allow.name} allows it` };
  const allows = all.some(({ action }) => action === 'allow');
  if (allows) return { allowed: false, rule: '', why: 'no rule that allows fits it' };
  const allowed = settings.otherwise === 'allow';
  return { allowed, rule: '', why: `no rule speaks of it, and otherwise is ${settings.otherwise}` };
}
