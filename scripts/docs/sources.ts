import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { root } from '../run.ts';

/** A piece of the syntax tree of a source, in the words of ESTree. */
export interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has fields of its own
  readonly [field: string]: any;
}

/** Something that a source declares: a class, a function, an interface, a type, a constant. */
export interface Declared {
  readonly name: string;
  readonly syntax: Syntax;
  readonly source: Source;
  /** What is written above it. */
  readonly doc: Doc;
}

/** What a comment says of what stands below it. */
export interface Doc {
  readonly about: string;
  /** By the name of the parameter. */
  readonly params: ReadonlyMap<string, string>;
  /** What is thrown, and when: what follows each `@throws`. */
  readonly throws: readonly string[];
  readonly isInternal: boolean;
}

/** A name, and the file where it is to be found. */
interface Elsewhere {
  readonly path: string;
  readonly name: string;
}

/** A file of `src`: what it declares, and what it takes from others. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly declared: ReadonlyMap<string, Declared>;
  /** What it hands on, as entry points do. */
  readonly doors: ReadonlyMap<string, Elsewhere>;
  readonly imports: ReadonlyMap<string, Elsewhere>;
  docOf(syntax: Syntax): Doc;
}

const sources = new Map<string, Source>();

/** Reads a file of the repository; once. */
export function source(path: string): Source {
  let known = sources.get(path);
  if (known === undefined) {
    known = parse(path, readFileSync(join(root, path), 'utf8'));
    sources.set(path, known);
  }
  return known;
}

/** What a name means in a file; nothing where it is not ours. */
export function lookUp(path: string, name: string): Declared | undefined {
  const { declared, doors, imports } = source(path);
  const here = declared.get(name);
  if (here !== undefined) return here;
  const there = doors.get(name) ?? imports.get(name);
  return there && lookUp(there.path, there.name);
}

/** Reads a source. @throws Error when it is not one. */
export function parse(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  const blocks = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'));
  const docOf = ({ start }: Syntax): Doc => {
    const above = blocks.findLast(
      ({ end }) =>
        end <= start &&
        text
          .slice(end, start)
          .replaceAll(/\/\/.*/g, '')
          .trim() === '',
    );
    return readDoc(above?.value ?? '');
  };
  const made = { path, text, docOf, declared: new Map(), doors: new Map(), imports: new Map() };
  for (const statement of program.body as unknown as Syntax[]) note(made, statement);
  return made;
}

type Made = Source & Record<'declared' | 'doors' | 'imports', Map<string, unknown>>;

function note(made: Made, statement: Syntax): void {
  const from: string = statement.source?.value ?? '';
  if (from !== '') {
    if (!from.startsWith('.')) return; // a package
    const path = join(dirname(made.path), from);
    for (const { local, imported, exported } of statement.specifiers) {
      if (exported !== undefined) made.doors.set(exported.name, { path, name: local.name });
      else made.imports.set(local.name, { path, name: imported?.name ?? 'default' });
    }
    return;
  }
  const syntax: Syntax | undefined = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
  for (const one of (syntax?.declarations ?? [syntax]) as Syntax[]) {
    const name: string | undefined = one?.id?.name;
    if (name !== undefined) made.declared.set(name, { name, syntax: one, source: made, doc: made.docOf(statement) });
  }
}

const TAG = /(?:^|\s)@(throws|param|internal)(?=\s|$)/;

/** Reads what stands between the stars. */
function readDoc(comment: string): Doc {
  const text = comment
    .replace(/^\*/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join('\n')
    .trim();
  const [about = '', ...tags] = text.split(TAG);
  const params = new Map<string, string>();
  const throws: string[] = [];
  for (let at = 0; at < tags.length; at += 2) {
    const said = flowing(tags[at + 1]!);
    if (tags[at] === 'throws') throws.push(said);
    const [, name, meaning] = /^(\S+) (.*)$/.exec(said) ?? [];
    if (tags[at] === 'param') params.set(name!, meaning!);
  }
  return { about: flowing(about), params, throws, isInternal: tags.includes('internal') };
}

const flowing = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
