import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/run.ts';
import { FENCED, type Link, linksOf, read } from './markdown.ts';

/** Every page there is, also those that are made. */
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root }).filter(
  (page) => !page.includes('node_modules'),
);

const links: readonly Link[] = pages.flatMap((page) => linksOf(page, read(page)));

/** What a heading is called in links, as GitHub has it. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');

/** What may stand behind the # of a page; of headings that say the same the second has a number. */
function anchorsOf(page: string): ReadonlySet<string> {
  const times = new Map<string, number>();
  return new Set(
    [
      ...read(page)
        .replace(FENCED, '')
        .matchAll(/^#{1,6} (.+)$/gm),
    ].map(([, heading]) => {
      const anchor = anchorOf(heading!);
      const before = times.get(anchor) ?? 0;
      times.set(anchor, before + 1);
      return before === 0 ? anchor : `${anchor}-${before}`;
    }),
  );
}

const told = (broken: readonly Link[]): string[] => broken.map(({ page, to }) => `${page} -> ${to}`);

test('every link of every page to a file of this repository leads to one', () => {
  assert.ok(links.length > 250, `only ${links.length} links were found`);
  assert.deepEqual(told(links.filter(({ file }) => !existsSync(join(root, file)))), []);
});

test('every link to a heading leads to one', () => {
  const named = links.filter(({ file, anchor }) => anchor !== undefined && file.endsWith('.md'));
  assert.ok(named.length > 60, `only ${named.length} links to headings were found`);
  assert.deepEqual(told(named.filter(({ file, anchor }) => !anchorsOf(file).has(anchor!))), []);
});

test('every guide can be found from the README, and every page of docs from another', () => {
  const led = (from: (page: string) => boolean): ReadonlySet<string> =>
    new Set(links.filter(({ page, file }) => from(page) && page !== file).map(({ file }) => file));
  const fromReadme = led((page) => page === 'README.md');
  const fromAny = led(() => true);
  const guides = pages.filter((page) => page.startsWith('docs/guides/'));
  assert.deepEqual(
    guides.filter((page) => !fromReadme.has(page)),
    [],
  );
  assert.deepEqual(
    pages.filter((page) => page.startsWith('docs/') && !fromAny.has(page)),
    [],
  );
});
