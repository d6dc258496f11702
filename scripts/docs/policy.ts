import type { Field, Fields, Section } from '../../src/policy/fields.ts';
import { table } from '../../src/policy/table.ts';
import { code, grid, made } from './page.ts';

const SECTIONS: Readonly<Record<string, Section>> = table;

/** The reference of every setting: one heading for each section, named as in the document. */
export function policyPage(): string {
  const fields = Object.values(SECTIONS).reduce((sum, section) => sum + Object.keys(section.fields).length, 0);
  return [
    made('src/policy/table.ts'),
    '# Policy',
    `One document says how calls behave: ${fields} settings in ${Object.keys(SECTIONS).length} sections, each with a default that is right for most. A section is named after the filter that reads it. A document says only what differs.`,
    shape(),
    'Durations are text: `250ms`, `2s`, `1m30s`, `1h`. An unknown field or a value out of range refuses the whole document, and the one before stays in force. Editors and other languages find the same rules as JSON Schema in `inmesh/policy.schema.json`.',
    ...Object.entries(SECTIONS).flatMap(([name, section]) => [
      `## ${name}`,
      section.about,
      settings(section),
      ...former(section),
    ]),
    '',
  ].join('\n\n');
}

/** The shape of the document, shown with what its table knows: the first settings at their defaults. */
function shape(): string {
  const [first, second] = ['deadline', 'retry'].map((name) => [name, firstSetting(SECTIONS[name]!)] as const);
  const document = {
    defaults: Object.fromEntries([first!]),
    services: {
      orders: { ...Object.fromEntries([second!]), routes: { 'GET /orders/{id}': Object.fromEntries([first!]) } },
    },
  };
  const parts = grid(
    ['part', 'for'],
    [
      [code('defaults'), 'every service'],
      [code('services.<name>'), 'calls to one service, by the name it is called by'],
      [
        code('services.<name>.routes.<route>'),
        'one route of it: the name given with the call, or a method and a template, or a template: `{id}` is one segment, `{rest*}` at the end all that follows',
      ],
    ],
  );
  return [
    ['```json', JSON.stringify(document, null, 2), '```'].join('\n'),
    parts,
    'The nearest part that says something wins, field by field: route, then service, then `defaults`, then the default of the table below. `mesh.explain(service)` shows what a service comes to, and where each value came from.',
  ].join('\n\n');
}

/** Names that documents may still have. */
const former = ({ formerly = {} }: Section): string[] =>
  Object.entries(formerly).map(([name, { now, field }]) => `${code(name)} has become ${code(now)}: ${field.about}`);

function firstSetting({ fields }: Section): Record<string, unknown> {
  const [name, field] = Object.entries(fields)[0]!;
  return { [name]: field.default };
}

/** The settings of a section, as a table, and one more for each that has fields of its own. */
export const settings = ({ fields }: Section): string => [tableOf(fields, []), ...parts(fields, '')].join('\n\n');

const tableOf = (fields: Fields, required: readonly string[]): string =>
  grid(
    ['field', 'default', 'must be', 'meaning'],
    Object.entries(fields).map(([name, field]) => [
      code(name),
      required.includes(name) ? 'none: to be said' : field.default === undefined ? 'any' : code(written(field)),
      field.must,
      field.about,
    ]),
  );

const parts = (fields: Fields, path: string): string[] =>
  Object.entries(fields).flatMap(([name, { default: value, parts: own }]) => {
    if (own === undefined) return [];
    const whole = path + name;
    const said = Array.isArray(value) ? `Each of ${code(whole)} has:` : `${code(whole)} has:`;
    return [said, tableOf(own.of, own.required), ...parts(own.of, `${whole}.`)];
  });

const written = ({ default: value }: Field): string => (typeof value === 'string' ? value : JSON.stringify(value));
