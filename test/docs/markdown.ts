import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { root } from '../../scripts/run.ts';

/** A fenced block of a page: ```` ```ts run ````. */
export interface Block {
  readonly page: string;
  /** The line of the page in which its text begins. */
  readonly line: number;
  readonly language: string;
  /** What else the fence says: `run`, `continues`, `policy`, `prints`. */
  readonly marks: readonly string[];
  readonly text: string;
}

/** A module of a page: a TypeScript block, and the blocks after it that say `continues`. */
export interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly runs: boolean;
  /** What it prints, as the page has it in a block `text prints` after it; `…` stands for whatever comes in a line. */
  readonly prints?: string | undefined;
  /** Its code on the lines where the page has it, so that a fault is told where it stands. */
  readonly code: string;
}

const FENCE = /^```(\S*)(.*)\n([\s\S]*?)^```[^\S\n]*$/gm;
const CODE = ['ts', 'js'];
const MARKS = ['run', 'continues', 'policy', 'prints'];

/** The pages that people wrote: the README and the guides. */
export const written: readonly string[] = ['README.md', ...globSync('docs/guides/*.md', { cwd: root }).sort()];

export const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Every fenced block of a page, in order. @throws Error when a fence says a word that means nothing. */
export function blocksOf(page: string, markdown: string): Block[] {
  return [...markdown.matchAll(FENCE)].map((found) => {
    const [, language = '', info = '', text = ''] = found;
    const line = markdown.slice(0, found.index).split('\n').length + 1;
    const marks = info.split(/\s+/).filter((word) => word !== '');
    const odd = marks.find((mark) => !MARKS.includes(mark));
    if (odd !== undefined)
      throw new Error(`${page}:${line - 1}: '${odd}' means nothing; there are ${MARKS.join(', ')}`);
    return { page, line, language, marks, text };
  });
}

/** The modules of a page. */
export function snippetsOf(page: string, markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  for (const { line, language, marks, text } of blocksOf(page, markdown)) {
    if (marks.includes('prints')) snippets.push({ ...snippets.pop()!, prints: text });
    if (!CODE.includes(language)) continue;
    const before = marks.includes('continues') ? snippets.pop() : undefined;
    const start = before?.code ?? '';
    const padding = '\n'.repeat(line - start.split('\n').length);
    snippets.push({
      page,
      line: before?.line ?? line,
      runs: before?.runs === true || marks.includes('run'),
      code: start + padding + text,
    });
  }
  return snippets;
}

/** A link of a page to a file of this repository. */
export interface Link {
  readonly page: string;
  /** As it is written. */
  readonly to: string;
  /** From the root. */
  readonly file: string;
  /** What stands behind the #. */
  readonly anchor: string | undefined;
}

/** Blocks of code, in which nothing is a link or a heading. */
export const FENCED = /^```[\s\S]*?^```/gm;

const LINK = /\]\((?!\w+:)([^)\s]+)\)/g;

/** The links of a page, but for those that lead elsewhere. */
export const linksOf = (page: string, markdown: string): Link[] =>
  [...markdown.replace(FENCED, '').matchAll(LINK)].map(([, to]) => {
    const [path, anchor] = to!.split('#', 2);
    return { page, to: to!, file: path === '' ? page : normalize(join(dirname(page), path!)), anchor };
  });
