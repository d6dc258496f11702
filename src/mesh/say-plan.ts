import { sayLevel } from '../balancer/levels.ts';
import type { DecidedBy } from '../balancer/odds.ts';
import { escaped } from '../core/escaped.ts';
import { type PassedOver, type PassedOverWhy, sayPassedOver } from '../core/passed-over.ts';
import { percent, type SlotPlan } from '../core/plan.ts';
import type { CallPlan, PlannedEndpoint, WayPlan } from './plan.ts';

const SHOWN = 12; // endpoints of one way; a service may have thousands
const NAMED = 5;

/** What would become of a call, for people. */
export function sayPlan(plan: CallPlan): string {
  const { slots, ways } = plan;
  const all = [...slots, ...ways.flatMap((way) => [...way.slots, ...way.attempt])];
  const idle = all
    .filter((slot) => !hasSay(slot))
    .map(({ slot, why }) => (why === 'off' ? slot : `${slot} (${escaped(why)})`));
  return [
    `${asked(plan)}: ${verdict(plan)}`,
    `    ${about(plan)}`,
    '',
    ...slots.filter(hasSay).map(saySlot),
    ...ways.flatMap((way) => sayWay(way, plan)),
    '',
    `    with nothing to do: ${[...new Set(idle)].join(', ')}`,
  ].join('\n');
}

const hasSay = ({ does }: SlotPlan): boolean => does !== 'nothing';

function asked({ service, method, path, registry }: CallPlan): string {
  const request = [method, path].filter((word) => word !== null).map((word) => shortened(escaped(word)));
  return [service, ...request, `in ${registry}`].join(' ');
}

function about({ route, priority, key, idempotent, idempotentAs, replayable }: CallPlan): string {
  return [
    route === null ? 'no route' : `route ${escaped(route)}`,
    `priority ${priority}`,
    key === null ? 'no key' : key === 'call' ? 'a key of its own' : `a key by ${key}`,
    `${idempotent ? 'idempotent' : 'not idempotent'}: ${escaped(idempotentAs)}`,
    ...(replayable ? [] : ['can not be sent twice']),
  ].join(', ');
}

/** What it comes to, in one line. */
function verdict({ slots, ways }: CallPlan): string {
  const ends = slots.find(isEnd);
  if (ends !== undefined) return ending(ends);
  const perhaps = slots.filter(({ does, share }) => (does === 'refuses' || does === 'answers') && share < 1);
  const said = ways.map((way) => `${ways.length > 1 ? `${percent(way.share)} ` : ''}${wayVerdict(way)}`);
  return [...said, ...perhaps.map((slot) => `${percent(slot.share)} ${ending(slot)}`)].join('; ');
}

const isEnd = ({ does, share }: SlotPlan): boolean => share === 1 && (does === 'refuses' || does === 'answers');

const ending = ({ slot, does }: SlotPlan): string =>
  does === 'answers' ? `answered by ${slot}` : `refused by ${slot}`;

function wayVerdict(way: WayPlan): string {
  const ends = way.slots.find(isEnd);
  if (ends !== undefined) return ending(ends);
  if (way.nobody !== '') return way.resolution === 'pending' ? 'waits for the registry' : `fails: ${way.nobody}`;
  const [first, second] = way.endpoints;
  if (way.by === 'all') return `goes to all of ${way.endpoints.filter(({ share }) => share > 0).length} endpoints`;
  if (second === undefined || second.share === 0) return `goes to ${first!.address}`;
  return `goes to one of ${way.endpoints.filter(({ share }) => share > 0).length} endpoints`;
}

function saySlot({ slot, does, why, share }: SlotPlan): string {
  const ofThese = share < 1 ? ` ${percent(share)} of such calls` : '';
  const word = does === 'passes' ? '' : `${does.toUpperCase()}${ofThese}: `;
  return `    ${slot.padEnd(12)} ${word}${escaped(why)}`;
}

function sayWay(way: WayPlan, plan: CallPlan): string[] {
  const { slots, levels, picker, by, nobody, owner, endpoints, attempt } = way;
  const labels = Object.entries(way.labels).map(([name, value]) => `${name}=${value}`);
  const isSole = plan.ways.length === 1 && way.service === plan.service && labels.length === 0;
  const where = [way.service, ...labels].map(escaped).join(' ');
  const route = way.route === null || way.service === plan.service ? '' : `, route ${escaped(way.route)}`;
  const decided = by === 'better' ? BETTER[picker] : DECIDED[by];
  const panics = way.panic ? '; PANIC: so few are well that health is ignored' : '';
  const balance = nobody === '' ? `${picker}: ${decided}${sayOwner(owner, endpoints)}${panics}` : `NOBODY: ${nobody}`;
  return [
    ...(isSole ? [] : ['', `  ${plan.ways.length > 1 ? `${percent(way.share)} ` : ''}to ${where}${route}`]),
    ...slots.filter(hasSay).map(saySlot),
    `    ${'balance'.padEnd(12)} ${balance}`,
    ...levels.map((level) => `      ${sayLevel(level)}`),
    ...sayEndpoints(endpoints),
    ...attempt.filter(hasSay).map(saySlot),
  ];
}

/** Which of two is the better one. */
const BETTER: Readonly<Partial<Record<WayPlan['picker'], string>>> = {
  p2c: 'two are drawn by weight, and the one of less latency times calls in flight is taken',
  'least-request': 'two are drawn by weight, and the one with fewer calls in flight is taken',
};

/** What decides, as a sentence. */
const DECIDED: Readonly<Record<Exclude<DecidedBy, 'better'>, string>> = {
  all: 'to each of them',
  probe: 'this call tries whether one that was out is well again',
  key: 'its key says where',
  turn: 'each in its turn',
  chance: 'one is drawn',
  only: 'only one can take it',
  nobody: '',
};

function sayOwner(owner: string | null, [chosen]: readonly PlannedEndpoint[]): string {
  return owner === null
    ? ''
    : `; it belongs to ${owner}, which has not room or is out, and so goes to ${chosen?.address ?? 'nobody'}`;
}

function sayEndpoints(endpoints: readonly PlannedEndpoint[]): string[] {
  const choices = endpoints.filter(({ passedOver }) => passedOver === null);
  const shown = choices.slice(0, SHOWN).map(({ address, share, weight, zone, latencyMs, inFlight, limit, why }) => {
    const facts = `weight ${weight}${zone && `, zone ${zone}`}, ${latencyMs ?? '?'} ms, ${inFlight}${limit === null ? '' : ` of ${limit}`} in flight`;
    return `      ${address.padEnd(21)} ${(share === 0 ? '-' : percent(share)).padStart(6)}   ${facts}${share === 0 ? `: ${why}` : ''}`;
  });
  const more = choices.length - shown.length;
  const groups = Map.groupBy(
    endpoints.filter(({ passedOver }) => passedOver !== null),
    ({ passedOver }) => passedOver!,
  );
  return [
    ...shown,
    ...(more > 0 ? [`      and ${more} more`] : []),
    ...Array.from(groups, ([why, members]) => sayGroup(why, members)).flat(),
  ];
}

/** Those that are no choice, all for one reason. Few are shown with what is known of each. */
function sayGroup(why: PassedOverWhy, members: readonly PlannedEndpoint[]): string[] {
  if (members.length <= NAMED)
    return members.map((one) => `      ${one.address.padEnd(21)} ${'-'.padStart(6)}   ${one.why}`);
  const group: PassedOver = {
    why,
    count: members.length,
    endpoints: members.slice(0, NAMED).map(({ address }) => address),
  };
  return [`      passed over: ${sayPassedOver([group])}`];
}

const LONGEST = 200;
const shortened = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`);
