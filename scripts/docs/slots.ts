import { inboundStack } from '../../src/mesh/inbound.ts';
import { makeInboundParts } from '../../src/mesh/inbound-parts.ts';
import { clusterStack, endpointStack } from '../../src/mesh/outbound.ts';
import { makeParts } from '../../src/mesh/parts.ts';
import type { Section } from '../../src/policy/fields.ts';
import { table } from '../../src/policy/table.ts';
import { testEnv } from '../../src/testing/env.ts';
import { code, made } from './page.ts';
import { inboundTexts, outboundTexts, type SlotText } from './slot-texts.ts';

const SECTIONS: Readonly<Record<string, Section>> = table;

/** The reference of every slot, in the order in which a call and a request meet them. */
export function slotsPage(ofCalls = outboundTexts, ofRequests = inboundTexts): string {
  const parts = makeParts(testEnv(), () => false);
  const cluster = [...clusterStack(parts).names, 'balance'];
  const endpoint = endpointStack(parts).names;
  const inbound = inboundStack(makeInboundParts(testEnv())).names;
  complete('outbound', [...cluster, ...endpoint], ofCalls);
  complete('inbound', inbound, ofRequests);
  const once = endpoint.filter((name) => !cluster.includes(name));
  return [
    made('the stacks, src/policy/table.ts and scripts/docs/slot-texts.ts'),
    '# Slots',
    'A call passes these filters, first to last, and so does a request that comes in. Each has its name in the stack, in the policy, in files, tests and telemetry. `mesh.explain(service)` prints the way of a call as it is.',
    '## The way of a call',
    way([...cluster, ...endpoint, 'send']),
    ...[...cluster, ...once].flatMap((name) => entry(name, ofCalls[name]!)),
    '## The way of a request that comes in',
    way([...inbound, 'your handler']),
    ...inbound.flatMap((name) => entry(name, ofRequests[name]!)),
    '',
  ].join('\n\n');
}

const way = (names: readonly string[]): string => ['```', names.join(' › '), '```'].join('\n');

function entry(name: string, { from, when, not, more, about }: SlotText): string[] {
  const section = SECTIONS[name];
  const settings = section === undefined ? '' : ` Settings: [${code(name)}](policy.md#${name}).`;
  return [
    `### ${name}`,
    `${about ?? section?.about ?? ''}${settings} ${more}.`,
    [`- **Its rule is from** ${from}.`, `- **When:** ${when}`, `- **When not:** ${not}`].join('\n'),
  ];
}

/** @throws Error when a slot has no text, or a text no slot. */
function complete(stack: string, names: readonly string[], texts: Readonly<Record<string, SlotText>>): void {
  const bare = names.filter((name) => !Object.hasOwn(texts, name));
  const idle = Object.keys(texts).filter((name) => !names.includes(name));
  if (bare.length + idle.length > 0) {
    throw new Error(`scripts/docs/slot-texts.ts: ${stack}: texts and slots differ for ${[...bare, ...idle]}`);
  }
}
