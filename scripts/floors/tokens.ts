/** A word, a sign or a literal of a source, with the line it stands in. Comments and white space are left out. */
export interface Token {
  readonly kind: 'word' | 'sign' | 'string' | 'number' | 'regex';
  /** As written; of a string what is between its quotes, of a template the text between two `${}`. */
  readonly text: string;
  readonly line: number;
}

const SPACE = /\s+/y;
const LINE_COMMENT = /\/\/[^\n]*/y;
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//y;
const WORD = /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /(?:\d|\.\d)(?:[eE][+-]|[\w.])*/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;
const SIGN = /=>|\?\.(?!\d)|\.\.\.|[\s\S]/y;

/** Words after which a `/` begins a regular expression; after any other it divides. */
const BEFORE_VALUE = new Set(
  'return typeof case in of do else void delete throw new instanceof await yield'.split(' '),
);

/** Cuts a TypeScript source into tokens. Good for asking what is imported and which names are used, not to compile. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const templates: number[] = []; // for each open `${`, the braces open inside it
  let [at, line] = [0, 1];

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    if (found === undefined || found === '') return undefined;
    at += found.length;
    return found;
  };
  const add = (kind: Token['kind'], text: string, length = text): void => {
    tokens.push({ kind, text, line });
    line += newlines(length);
  };
  const templateText = (): void => {
    const text = take(TEMPLATE_TEXT) ?? '';
    add('string', text);
    if (source.startsWith('${', at)) {
      at += 2;
      templates.push(0);
    } else at++; // the closing back-tick
  };

  while (at < source.length) {
    const blank = take(SPACE) ?? take(LINE_COMMENT) ?? take(BLOCK_COMMENT);
    if (blank !== undefined) {
      line += newlines(blank);
      continue;
    }
    if (source[at] === '`') {
      at++;
      templateText();
      continue;
    }
    if (source[at] === '}' && templates.at(-1) === 0) {
      templates.pop();
      at++;
      templateText();
      continue;
    }
    const word = take(WORD);
    if (word !== undefined) {
      add('word', word);
      continue;
    }
    const number = take(NUMBER);
    if (number !== undefined) {
      add('number', number);
      continue;
    }
    const string = take(STRING);
    if (string !== undefined) {
      add('string', string.slice(1, -1), string);
      continue;
    }
    const regex = source[at] === '/' && valueMayFollow(tokens.at(-1)) ? take(REGEX) : undefined;
    if (regex !== undefined) {
      add('regex', regex);
      continue;
    }
    const sign = take(SIGN)!;
    if (templates.length > 0 && sign === '{') templates[templates.length - 1]!++;
    if (templates.length > 0 && sign === '}') templates[templates.length - 1]!--;
    add('sign', sign);
  }
  return tokens;
}

const newlines = (text: string): number => text.split('\n').length - 1;

function valueMayFollow(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === 'word') return BEFORE_VALUE.has(before.text);
  return before.kind === 'sign' && before.text !== ')' && before.text !== ']' && before.text !== '}';
}
