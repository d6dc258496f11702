import type { Context } from '../core/context.ts';
import type { Policy } from '../policy/table.ts';
import { CHECK_HEADER } from '../wire/nack.ts';
import { field } from './fields.ts';
import { Paths } from './paths.ts';
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

/**
 * Asks who knows more than the rules; rejects when there is no answer in time. `context` is that of the request asked
 * about, where there is one: the question is part of its trace, and must not outlast it.
 */
export type Check = (url: string, asked: Asked, context?: Context) => Promise<boolean>;

/** What the rules say, and what they would say if those that only observe had a say. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly observed: Verdict;
  /** Rules of action `audit` that fit. */
  readonly audits: readonly string[];
  /** Where somebody is asked who decides nothing: what it comes to when that is known. */
  readonly later?: Promise<Judgement>;
}

/** The rules of a policy, made ready once. */
interface Rules {
  readonly all: readonly ReadyRule[];
  /** Whether one of them allows: of all, and of those that do not only observe. */
  readonly allows: boolean;
  readonly allowsEnforced: boolean;
  readonly observes: boolean;
  /** Whether one of them asks somebody else, and whether one only tells. */
  readonly asks: boolean;
  readonly audits: boolean;
}

const ready = new WeakMap<Settings['rules'], Rules>();

function readyRules(rules: Settings['rules']): Rules {
  let made = ready.get(rules);
  if (made === undefined) {
    const all = rules.map(readyRule);
    const allowing = all.filter(({ action }) => action === 'allow');
    made = {
      all,
      allows: allowing.length > 0,
      allowsEnforced: allowing.some(enforced),
      observes: !all.every(enforced),
      asks: all.some(({ action }) => action === 'custom'),
      audits: all.some(isAudit),
    };
    ready.set(rules, made);
  }
  return made;
}

/** Judges a request by rules: custom, deny, allow. A promise only where somebody else is asked, and decides. */
export function judgeRequest(
  settings: Settings,
  asked: Asked,
  check: Check,
  context?: Context,
): Judgement | Promise<Judgement> {
  const rules = readyRules(settings.rules);
  const paths = new Paths(asked.path);
  const fitting = rules.all.filter((rule) => rule.fits(asked, paths));
  const judgement = judgementOf(settings, rules, fitting);
  if (!rules.asks) return judgement;
  const customs = fitting.filter(({ action }) => action === 'custom');
  const custom = customs.find(enforced) ?? customs[0]; // one that bites is asked before one that only observes
  if (custom === undefined || !(judgement.verdict.allowed || judgement.observed.allowed)) return judgement;
  if (settings.check === '') return denied(judgement, custom, 'asks a check, and the policy names none');
  if (field(asked.headers, CHECK_HEADER) !== undefined) return denied(judgement, custom, 'asks no check about a check');
  const answered = Promise.resolve()
    .then(() => check(settings.check, asked, context))
    .catch(() => undefined)
    .then((answer) => {
      if (answer === false) return denied(judgement, custom, 'asked, and the answer was no');
      const isAway = answer !== true;
      if (isAway && settings.whenAway === 'deny') return denied(judgement, custom, 'asked, and there was no answer');
      return judgement;
    });
  return settings.mode === 'enforce' && !custom.observe ? answered : { ...judgement, later: answered };
}

/** The judgement where whom a custom rule asked says no: it is so, or where the rule only observes, would be. */
function denied(judgement: Judgement, { name, observe }: ReadyRule, why: string): Judgement {
  const verdict = { allowed: false, rule: name, why: `${name} ${why}` };
  return { ...judgement, observed: verdict, verdict: observe ? judgement.verdict : verdict };
}

function judgementOf({ otherwise }: Settings, rules: Rules, fitting: readonly ReadyRule[]): Judgement {
  const audits = rules.audits ? fitting.filter(isAudit).map(({ name }) => name) : NONE;
  if (!rules.observes) {
    const verdict = verdictOf(fitting, rules.allows, otherwise);
    return { verdict, observed: verdict, audits };
  }
  const verdict = verdictOf(fitting.filter(enforced), rules.allowsEnforced, otherwise);
  return { verdict, observed: verdictOf(fitting, rules.allows, otherwise), audits };
}

const NONE: readonly string[] = [];

const isAudit = ({ action }: ReadyRule): boolean => action === 'audit';

const enforced = ({ observe }: ReadyRule): boolean => !observe;

/** `allows` says whether any rule allows something, be it something else. */
function verdictOf(fitting: readonly ReadyRule[], allows: boolean, otherwise: Settings['otherwise']): Verdict {
  const deny = fitting.find(({ action }) => action === 'deny');
  if (deny !== undefined) return { allowed: false, rule: deny.name, why: `${deny.name} denies it` };
  const allow = fitting.find(({ action }) => action === 'allow');
  if (allow !== undefined) return { allowed: true, rule: allow.name, why: `${allow.name} allows it` };
  if (allows) return { allowed: false, rule: '', why: 'no rule that allows fits it' };
  return { allowed: otherwise === 'allow', rule: '', why: `no rule speaks of it, and otherwise is ${otherwise}` };
}
