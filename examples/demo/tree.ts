import { type Line, millis, type Piece } from './text.ts';

type Value = string | number | boolean;
type Attributes = Readonly<Record<string, Value | undefined>>;

/** Something that a span tells of, at a moment of its own. Milliseconds are since the call began. */
export interface Told {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Attributes;
}

/** One attempt, as its span has it. */
export interface Attempted extends Told {
  readonly ms: number;
}

/** One call as its spans tell of it. */
export interface Traced extends Attempted {
  readonly traceId: string;
  readonly attempts: readonly Attempted[];
  readonly events: readonly Told[];
}

const MS = 9; // columns for how long something took
const BARS = 30; // for when it did, where there is room
const ROOMY = 100;
const WIDEST = 120;

/** A call as a tree: each attempt with where it went and why there, and between them what was decided. */
export function tree(call: Traced, columns: number, nameOf: (address: string) => string): Line[] {
  const width = Math.min(columns, WIDEST);
  const bars = width >= ROOMY ? BARS : 0;
  const left = width - MS - (bars > 0 ? bars + 2 : 0);
  const named = (text: string): string => text.replace(/[\w.-]+:\d+(?=[,) ]|$)/g, nameOf);
  const row = (pieces: Line, { atMs, ms }: { atMs: number; ms: number }): Line => [
    ...cut(pieces, left),
    ...(bars > 0 ? [['  '] as const, [bar(atMs, ms, call.ms, bars), 'cyan'] as const] : []),
    [millis(ms).padStart(MS)],
  ];
  const parts = inOrder(call);
  return [
    row([[call.name, 'bold'], [`  ${summed(call.attributes)}`]], { atMs: 0, ms: call.ms }),
    ...parts.flatMap((part, at) => {
      const [branch, stem] = at < parts.length - 1 ? ['├─ ', '│    '] : ['└─ ', '     '];
      if (!isAttempt(part)) return wrap(branch, stem, named(sayEvent(part)), width);
      const { attributes } = part;
      const to = named(`${attributes['server.address']}:${attributes['server.port']}`);
      const head: Line = [[branch, 'dim'], [`attempt to ${to}  `, 'bold'], outcome(attributes)];
      return [row(head, part), ...details(attributes, named).flatMap((text) => wrap(stem, stem, text, width))];
    }),
  ];
}

/** What happened, as it did. Spans begin at whole milliseconds: what followed a short attempt may seem to be before it. */
function inOrder({ attempts, events }: Traced): (Attempted | Told)[] {
  const began = new Map(
    attempts.map((one) => [Number(one.attributes['http.request.resend_count'] ?? 0) + 1, one.atMs]),
  );
  const at = (part: Attempted | Told): number =>
    isAttempt(part) ? part.atMs : Math.max(part.atMs, began.get(Number(part.attributes['inmesh.attempt'])) ?? 0);
  return [...attempts, ...events].sort((a, b) => at(a) - at(b));
}

const isAttempt = (part: Told | Attempted): part is Attempted => 'ms' in part;

const summed = (attributes: Attributes): string =>
  `${attributes['inmesh.outcome']} after ${attributes['inmesh.attempts']} attempts`;

function outcome(attributes: Attributes): Piece {
  const status = attributes['http.response.status_code'];
  const error = attributes['error.type'];
  return error === undefined ? [`✓ ${status}`, 'green'] : [`✕ ${status ?? error}`, 'red'];
}

/** Why there, and what it was: each a line. */
function details(attributes: Attributes, named: (text: string) => string): string[] {
  const resend = attributes['http.request.resend_count'];
  const passed = attributes['inmesh.passed_over'];
  const waited = attributes['inmesh.waited_ms'];
  return [
    `${attributes['http.request.method']} ${attributes['url.full']}${resend === undefined ? '' : `, resend ${resend}`}`,
    ...(passed === undefined ? [] : [`passed over: ${named(String(passed))}`]),
    ...(waited === undefined ? [] : [`waited ${millis(Number(waited))} before it`]),
  ];
}

/** What happened between attempts, as a sentence. */
function sayEvent({ name, attributes }: Told): string {
  const of = (key: string) => attributes[`inmesh.${key}`];
  if (name === 'inmesh.retry') {
    return `↻ attempt ${of('attempt')} came to ${of('why')}: again in ${millis(Number(of('wait_ms')))}`;
  }
  if (name === 'inmesh.ejected')
    return `✕ ${of('endpoint')} is left out for ${millis(Number(of('for_ms')))}: ${of('reason')}`;
  const facts = Object.entries(attributes).map(([key, value]) => `${key.replace('inmesh.', '')} ${value}`);
  return `• ${name.replace('inmesh.', '')}: ${facts.join(', ')}`;
}

/** When it was, within the whole. */
function bar(atMs: number, ms: number, wholeMs: number, columns: number): string {
  const [from, to] = [atMs, atMs + ms].map((at) => Math.round((at / wholeMs) * columns)) as [number, number];
  const begin = Math.min(from, columns - 1);
  return `${'·'.repeat(begin)}${'━'.repeat(Math.max(1, to - begin))}`.padEnd(columns, '·').slice(0, columns);
}

/** Pieces that take just so many columns. */
function cut(pieces: Line, columns: number): Line {
  let left = columns;
  const kept = pieces.map(([text, style]): Piece => {
    const shown = text.length > left ? `${text.slice(0, Math.max(0, left - 1))}…`.slice(0, left) : text;
    left -= shown.length;
    return [shown, style];
  });
  return [...kept, [' '.repeat(left)]];
}

/** A text below its branch, broken between words. */
function wrap(first: string, rest: string, text: string, width: number): Line[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && first.length + line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line, at) => [
    [at === 0 ? first : rest, 'dim'],
    [line, 'dim'],
  ]);
}
