import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { events } from '../../src/core/events.ts';
import { type Token, tokenize } from '../floors/tokens.ts';
import { root } from '../run.ts';
import { code, grid, made } from './page.ts';

const SOURCE = 'src/core/events.ts';
const SOURCES = [SOURCE, ...['call', 'endpoint', 'own'].map((kind) => `src/core/${kind}-events.ts`)];

/** The types that are made of what is told. */
const TYPES = new Set(['MeshEvent', 'CallEvent', 'EndpointEvent', 'OwnEvent']);

/** A field of an event: its name and its type as written. */
type Fields = ReadonlyMap<string, string>;

/** The reference of every event, with the fields that its type has. */
export function eventsPage(
  source: string = SOURCES.map((path) => readFileSync(join(root, path), 'utf8')).join('\n'),
): string {
  const shapes = shapesOf(source);
  const common = shapes.filter((fields) => !fields.has('type')).flatMap((fields) => [...fields]);
  const byType = new Map(shapes.flatMap((fields) => (fields.has('type') ? [[bare(fields.get('type')!), fields]] : [])));
  const told = Object.entries(events);
  const odd = [...byType.keys()].filter((type) => !Object.hasOwn(events, type));
  const missing = told.map(([type]) => type).filter((type) => !byType.has(type));
  if (odd.length + missing.length > 0)
    throw new Error(`${SOURCE}: type and meaning differ for ${[...odd, ...missing]}`);
  return [
    made(SOURCE),
    '# Events',
    'What happens in a mesh, as plain facts. A listener that throws harms nobody.',
    `Every event has ${common.map(([name, type]) => `${code(name)} (${type})`).join(' and ')}: the moment in milliseconds since 1970 began, and the service concerned. \`type\` says which event it is. \`Sent\` is \`'no'\`, \`'maybe'\` or \`'yes'\`: whether the other side may have seen the request.`,
    ...told.flatMap(([type, about]) => {
      const fields = [...byType.get(type)!].filter(([name]) => name !== 'type');
      return [`## ${type}`, about, ...(fields.length > 0 ? [grid(['field', 'type'], fields.map(row))] : [])];
    }),
    '',
  ].join('\n\n');
}

const row = ([name, type]: [string, string]): string[] => [code(name), code(type)];

const bare = (literal: string): string => literal.slice(1, -1);

/** The object types that events are made of, in the order in which they are written. */
function shapesOf(source: string): Fields[] {
  const tokens = tokenize(source);
  const isType = (at: number): boolean => TYPES.has(tokens[at]!.text) && tokens[at - 1]?.text === 'type';
  return tokens.flatMap((_, at) => (isType(at) && tokens[at + 1]?.text === '=' ? shapesFrom(tokens, at) : []));
}

/** The object types of one type, whose name stands at `start`. */
function shapesFrom(tokens: readonly Token[], start: number): Fields[] {
  const shapes: Fields[] = [];
  let round = 0;
  for (let at = start + 2; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== 'sign') continue;
    if (text === '(') round++;
    if (text === ')') round--;
    if (text === ';' && round === 0) break;
    if (text !== '{') continue;
    const end = closing(tokens, at);
    shapes.push(fieldsOf(tokens.slice(at + 1, end)));
    at = end;
  }
  return shapes;
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]!.kind !== 'sign') continue;
    if (tokens[at]!.text === '{') depth++;
    if (tokens[at]!.text === '}' && --depth === 0) return at;
  }
  throw new Error(`${SOURCE}: a brace is not closed`);
}

/** `readonly name?: type;` again and again. */
function fieldsOf(tokens: readonly Token[]): Fields {
  const fields = new Map<string, string>();
  let from = 0;
  for (let at = 0; at <= tokens.length; at++) {
    if (at < tokens.length && !(tokens[at]!.kind === 'sign' && tokens[at]!.text === ';')) continue;
    const field = tokens.slice(from, at).filter(({ text }, i) => !(i === 0 && text === 'readonly'));
    const colon = field.findIndex(({ text }) => text === ':');
    if (colon > 0) {
      fields.set(
        field
          .slice(0, colon)
          .map(({ text }) => text)
          .join(''),
        typeText(field.slice(colon + 1)),
      );
    }
    from = at + 1;
  }
  return fields;
}

function typeText(tokens: readonly Token[]): string {
  const words = tokens.map(({ kind, text }) => (kind === 'string' ? `'${text}'` : text));
  return words
    .join(' ')
    .replaceAll(/ ([[\]>,.])/g, '$1')
    .replaceAll(/([[<.]) /g, '$1')
    .replaceAll(/ </g, '<');
}
