import { type Token, tokenize } from './tokens.ts';

/** One place where a module names another. */
export interface Import {
  /** As written; undefined when it is made at run time, so that nobody can read it. */
  readonly specifier: string | undefined;
  readonly line: number;
  /** Whether it hands on what it takes: `export … from`. */
  readonly reexport: boolean;
}

/** What a module takes, and what it gives. */
export interface Module {
  readonly tokens: readonly Token[];
  readonly imports: readonly Import[];
  /** The names it exports, types too; `*` for all of another module's. */
  readonly exports: readonly string[];
  /** Names that it imported from its neighbours and exports again without `from`. */
  readonly handedOn: readonly string[];
}

/** Reads a module's imports and exports from its source. */
export function readModule(source: string): Module {
  const tokens = tokenize(source);
  const [imports, exports, handedOn] = [[] as Import[], [] as string[], [] as string[]];
  const taken = new Set<string>();
  tokens.forEach((token, at) => {
    if (token.kind !== 'word' || isMember(tokens, at)) return;
    const next = tokens[at + 1];
    if (token.text === 'import' && next !== undefined) readImport(tokens, at, imports, taken);
    else if (token.text === 'require' && next?.text === '(') imports.push(called(tokens, at));
    else if (token.text === 'export' && next !== undefined) readExport(tokens, at, imports, exports, handedOn, taken);
  });
  return { tokens, imports, exports, handedOn };
}

/** Whether the word at `at` is a property of something, a key or a method: `foo.import`, `{ import: 1, export() {} }`. */
export function isMember(tokens: readonly Token[], at: number): boolean {
  const [before, after] = [tokens[at - 1], tokens[at + 1]];
  if (before?.kind === 'sign' && (before.text === '.' || before.text === '?.')) return true;
  const first =
    before?.kind === 'sign' ? OPENS_A_MEMBER.includes(before.text) : MARKS_A_MEMBER.includes(before?.text ?? '');
  if (!first || after?.kind !== 'sign') return false;
  return after.text === ':' || after.text === '?' || (after.text === '(' && isMethod(tokens, at + 1));
}

const OPENS_A_MEMBER = ['{', ',', ';'];
const MARKS_A_MEMBER = ['readonly', 'async', 'static', 'override', 'get', 'set'];

/** After the parentheses of a method comes its type or its body; after those of a call comes neither. */
function isMethod(tokens: readonly Token[], open: number): boolean {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== 'sign') continue;
    if (text === '(') depth++;
    if (text !== ')' || --depth > 0) continue;
    return tokens[at + 1]?.text === ':' || tokens[at + 1]?.text === '{';
  }
  return false;
}

function called(tokens: readonly Token[], at: number): Import {
  const [specifier, end] = [tokens[at + 2], tokens[at + 3]];
  const readable = specifier?.kind === 'string' && (end?.text === ')' || end?.text === ',');
  return { specifier: readable ? specifier.text : undefined, line: tokens[at]!.line, reexport: false };
}

function readImport(tokens: readonly Token[], at: number, imports: Import[], taken: Set<string>): void {
  const [{ line }, next] = [tokens[at]!, tokens[at + 1]!];
  if (next.kind === 'string') imports.push({ specifier: next.text, line, reexport: false });
  else if (next.text === '(') imports.push(called(tokens, at));
  else if (next.text === '{' || next.text === '*' || next.kind === 'word') {
    const from = indexOfFrom(tokens, at);
    if (from === undefined) return;
    const specifier = tokens[from + 1]!.text;
    const names = tokens.slice(at + 1, from).filter(({ kind }) => kind === 'word');
    if (specifier.startsWith('.')) for (const { text } of names) taken.add(text);
    imports.push({ specifier, line, reexport: false });
  }
}

function readExport(
  tokens: readonly Token[],
  at: number,
  imports: Import[],
  exports: string[],
  handedOn: string[],
  taken: ReadonlySet<string>,
): void {
  const open = at + (tokens[at + 1]!.text === 'type' ? 2 : 1);
  const sign = tokens[open];
  if (sign?.kind === 'sign' && (sign.text === '{' || sign.text === '*')) {
    const from = indexOfFrom(tokens, at);
    const names = sign.text === '*' ? starName(tokens, open) : namesIn(tokens, open);
    exports.push(...names.map(({ to }) => to));
    if (from === undefined) handedOn.push(...names.map(({ own }) => own).filter((own) => taken.has(own)));
    else imports.push({ specifier: tokens[from + 1]!.text, line: tokens[at]!.line, reexport: true });
    return;
  }
  const name = declared(tokens, at + 1);
  if (name !== undefined) exports.push(name);
}

/** Where the `from` of a declaration stands, if a string follows it before the declaration is over. */
function indexOfFrom(tokens: readonly Token[], at: number): number | undefined {
  for (let i = at + 1; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind === 'word' && text === 'from' && tokens[i + 1]?.kind === 'string') return i;
    const inside = kind === 'word' || text === '{' || text === '}' || text === ',' || text === '*';
    if (!inside || (text === '}' && tokens[i + 1]?.text !== 'from')) return undefined;
  }
  return undefined;
}

interface Name {
  readonly own: string;
  readonly to: string;
}

function starName(tokens: readonly Token[], star: number): Name[] {
  const to = tokens[star + 1]?.text === 'as' ? tokens[star + 2]!.text : '*';
  return [{ own: '*', to }];
}

function namesIn(tokens: readonly Token[], open: number): Name[] {
  const names: Name[] = [];
  let words: string[] = [];
  for (let i = open + 1; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind === 'word') words.push(text);
    if (text !== ',' && text !== '}') continue;
    if (words.length > 1 && words[0] === 'type') words.shift();
    if (words.length > 0) names.push({ own: words[0]!, to: words.at(-1)! });
    words = [];
    if (text === '}') break;
  }
  return names;
}

const BEFORE_NAME = new Set(
  'async abstract declare const let var function class interface type enum namespace'.split(' '),
);

function declared(tokens: readonly Token[], from: number): string | undefined {
  for (let i = from; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind === 'sign' && text === '*') continue; // function*
    if (kind !== 'word') return undefined;
    if (text === 'default' || !BEFORE_NAME.has(text)) return text;
  }
  return undefined;
}
