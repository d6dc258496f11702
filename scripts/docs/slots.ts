import { reasons } from '../../src/core/errors.ts';
import { events } from '../../src/core/events.ts';
import { inboundStack } from '../../src/mesh/inbound.ts';
import { makeInboundParts } from '../../src/mesh/inbound-parts.ts';
import { clusterStack, endpointStack } from '../../src/mesh/outbound.ts';
import { makeParts } from '../../src/mesh/parts.ts';
import type { Section } from '../../src/policy/fields.ts';
import { table } from '../../src/policy/table.ts';
import { testEnv } from '../../src/testing/env.ts';
import { code, grid, made } from './page.ts';
import { settings } from './policy.ts';
import { inboundTexts, outboundTexts, type SlotText } from './slot-texts.ts';

const SECTIONS: Readonly<Record<string, Section>> = table;

const FROM = 'the stacks, src/policy/table.ts and scripts/docs/slot-texts.ts';

/** The names of the slots, in the order in which a call and a request meet them. */
function ways() {
  const parts = makeParts(testEnv(), () => false);
  const cluster = [...clusterStack(parts).names, 'balance'];
  const endpoint = endpointStack(parts).names;
  const inbound = inboundStack(makeInboundParts(testEnv())).names;
  return { cluster, endpoint, inbound };
}

/** All slots, each with a line. */
export function slotsPage(ofCalls = outboundTexts, ofRequests = inboundTexts): string {
  const { cluster, endpoint, inbound } = ways();
  complete('outbound', [...cluster, ...endpoint], ofCalls);
  complete('inbound', inbound, ofRequests);
  const once = endpoint.filter((name) => !cluster.includes(name));
  return [
    made(FROM),
    '# Slots',
    'A call passes these filters, first to last, and so does a request that comes in. Each has its name in the stack, in the policy, in files, tests and telemetry, and a page of its own. `mesh.explain(service)` prints the way of a call as it is.',
    '## The way of a call',
    way([...cluster, ...endpoint, 'send']),
    list([...cluster, ...once], ofCalls),
    '## The way of a request that comes in',
    way([...inbound, 'your handler']),
    list(inbound, ofRequests),
    '',
  ].join('\n\n');
}

const way = (names: readonly string[]): string => ['```', names.join(' › '), '```'].join('\n');

const list = (names: readonly string[], texts: Readonly<Record<string, SlotText>>): string =>
  grid(
    ['slot', 'what it is about'],
    names.map((name) => [`[${code(name)}](slots/${name}.md)`, aboutOf(name, texts[name]!)]),
  );

const aboutOf = (name: string, { about }: SlotText): string => about ?? SECTIONS[name]?.about ?? '';

/** A page for each slot, by where it stands: what it does, its settings, where its rule is from, when to use it and when not. */
export function slotPages(): Readonly<Record<string, () => string>> {
  const { cluster, endpoint, inbound } = ways();
  const names = new Set([...cluster, ...endpoint, ...inbound]);
  return Object.fromEntries([...names].map((name) => [`docs/reference/slots/${name}.md`, () => slotPage(name)]));
}

function slotPage(name: string): string {
  const { cluster, endpoint, inbound } = ways();
  const out = [...cluster, ...endpoint, 'send'];
  const isShown = outboundTexts[name] !== undefined; // what both ways read, the first shows
  const parts = [
    ...part(name, out, outboundTexts[name], 'the way of a call', false),
    ...part(name, [...inbound, 'your handler'], inboundTexts[name], 'the way of a request that comes in', isShown),
  ];
  const reason = (reasons as Readonly<Record<string, { readonly code: string; readonly about: string }>>)[name];
  const error =
    reason === undefined
      ? []
      : ['## Error', `${code(name)} (${code(reason.code)}): ${reason.about} [All errors](../errors.md).`];
  return [made(FROM), `# ${name}`, ...parts, ...error, ''].join('\n\n');
}

/** What it is on one of the two ways; nothing where it is not on it. */
function part(
  name: string,
  way: readonly string[],
  text: SlotText | undefined,
  of: string,
  isShown: boolean,
): string[] {
  if (text === undefined) return [];
  const { from, when, not, more, also = [], events: told = [] } = text;
  const sections = isShown ? [] : [name, ...also].filter((one) => Object.hasOwn(SECTIONS, one));
  return [
    `## On ${of}`,
    `${aboutOf(name, text)} ${places(name, way)} More: ${more.replaceAll('(../', '(../../')}.`,
    [`- **Its rule is from** ${from}.`, `- **When:** ${when}`, `- **When not:** ${not}`].join('\n'),
    ...sections.flatMap((one) => [
      `### Settings: ${one}`,
      ...(one === name ? [] : [SECTIONS[one]!.about]),
      settings(SECTIONS[one]!),
    ]),
    ...(told.length === 0 ? [] : ['### What it tells', tells(told)]),
  ];
}

/** Where it stands: twice where there is one for each attempt as well. */
function places(name: string, way: readonly string[]): string {
  const stands = way.flatMap((one, at) => (one === name ? [at] : []));
  const said = stands.map((at) => {
    const [before, after] = [way[at - 1], way[at + 1]];
    return `${before === undefined ? 'first of all' : `after ${code(before)}`}${after === undefined ? '' : ` and before ${code(after)}`}`;
  });
  return `It stands ${said.join(', and once more ')}.`;
}

const tells = (told: readonly (keyof typeof events)[]): string =>
  told.map((type) => `- [${code(type)}](../events.md#${type}): ${events[type]}`).join('\n');

/** @throws Error when a slot has no text, or a text no slot. */
function complete(stack: string, names: readonly string[], texts: Readonly<Record<string, SlotText>>): void {
  const bare = names.filter((name) => !Object.hasOwn(texts, name));
  const idle = Object.keys(texts).filter((name) => !names.includes(name));
  if (bare.length + idle.length > 0) {
    throw new Error(`scripts/docs/slot-texts.ts: ${stack}: texts and slots differ for ${[...bare, ...idle]}`);
  }
}
