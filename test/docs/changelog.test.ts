import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from './markdown.ts';

const HEADINGS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security', 'Runtime behaviour', 'Wire'];

const versions = read('CHANGELOG.md')
  .split(/^## /m)
  .slice(1)
  .map((text) => {
    const [title = '', ...sections] = text.split(/^### /m);
    return { title: title.split('\n')[0]!, sections: sections.map((section) => section.split(/\n(?=- |#|\n)/)) };
  });

/** The entries of a section, each in one line. */
const entriesOf = (parts: readonly string[]): string[] =>
  parts.filter((part) => part.startsWith('- ')).map((part) => part.replaceAll(/\s+/g, ' ').trim());

test('each version has headings that there are, each once, and something under it', () => {
  assert.ok(versions.length >= 2);
  for (const { title, sections } of versions) {
    const names = sections.map(([name]) => name!.trim());
    assert.deepEqual(
      names.filter((name) => !HEADINGS.includes(name)),
      [],
      title,
    );
    assert.equal(new Set(names).size, names.length, `${title}: ${names}`);
    for (const section of sections) assert.ok(entriesOf(section).length > 0, `${title}: ${section[0]}`);
  }
});

test('nothing is told twice, as it is where two changes of one place were both kept', () => {
  for (const { title, sections } of versions) {
    const entries = sections.flatMap(entriesOf);
    assert.deepEqual(
      entries.filter((entry, at) => entries.indexOf(entry) !== at),
      [],
      title,
    );
  }
});
