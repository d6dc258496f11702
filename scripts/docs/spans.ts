import { events } from '../../src/core/events.ts';
import { spanEventName, spanEvents } from '../../src/telemetry/span-events.ts';
import { type SpanShape, spanTable } from '../../src/telemetry/span-table.ts';
import { code, grid, made } from './page.ts';

const WHEN = { always: 'always', known: 'where it is known', failed: 'where it failed' } as const;

const eventRow = (type: keyof typeof spanEvents): string[] => [
  code(spanEventName(type)),
  Object.keys(spanEvents[type]).map(code).join(', '),
  events[type],
];

/** The reference of every span. */
export function spansPage(): string {
  return [
    made('src/telemetry/span-table.ts'),
    '# Spans',
    'What the mesh records with OpenTelemetry. Names of attributes that do not begin with `inmesh.` are those of its conventions for HTTP.',
    ...Object.entries(spanTable as Readonly<Record<string, SpanShape>>).flatMap(([title, span]) => [
      `## ${title}`,
      `${span.about} Named ${span.name}; its kind is ${span.kind}. It is an error where \`error.type\` is there.`,
      grid(
        ['attribute', 'there', 'meaning'],
        Object.entries(span.attributes).map(([name, { when, about }]) => [code(name), WHEN[when], about]),
      ),
      ...(span.links === undefined ? [] : [span.links]),
      ...(span.events === undefined ? [] : [grid(['event', 'with', 'meaning'], span.events.map(eventRow))]),
    ]),
    '',
  ].join('\n\n');
}
