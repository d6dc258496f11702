import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { eventsPage } from '../../scripts/docs/events.ts';
import { policyPage } from '../../scripts/docs/policy.ts';
import { inboundTexts, outboundTexts } from '../../scripts/docs/slot-texts.ts';
import { slotPages, slotsPage } from '../../scripts/docs/slots.ts';
import { stale, write } from '../../scripts/docs.ts';
import { table } from '../../src/policy/table.ts';

test('the reference that is committed is what the code says now', async () => {
  assert.deepEqual(await stale(), []);
});

test('a page that was changed by hand, and one that is not there, are found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-docs-'));
  try {
    await write(folder);
    assert.deepEqual(await stale(folder), []);
    await appendFile(join(folder, 'docs/reference/policy.md'), 'by hand\n');
    await rm(join(folder, 'docs/reference/errors.md'));
    assert.deepEqual(await stale(folder), [
      'docs/reference/policy.md is not what the code says; run npm run docs',
      'docs/reference/errors.md is not what the code says; run npm run docs',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('an event whose type nobody explains stops the reference', () => {
  const source = `export type MeshEvent = { readonly at: number } & ({ readonly type: 'unheard-of' });`;
  assert.throws(() => eventsPage(source), /type and meaning differ for unheard-of,attempt,/);
});

test('every slot has a page: where its rule is from, when to use it and when not, and each of its settings', () => {
  const stacked = new Set([...Object.keys(outboundTexts), ...Object.keys(inboundTexts)]);
  const written = Object.entries(slotPages()).map(([path, page]) => [basename(path, '.md'), page()] as const);
  assert.deepEqual(written.map(([name]) => name).sort(), [...stacked].sort());
  for (const [name, page] of written) {
    assert.match(page, /^- \*\*Its rule is from\*\* .+\.\n- \*\*When:\*\* .+\n- \*\*When not:\*\* .+$/m, name);
    assert.match(page, /It stands (?:first of all|after `)/, name);
    const fields = (table as Readonly<Record<string, { readonly fields: object }>>)[name]?.fields ?? {};
    for (const field of Object.keys(fields)) assert.ok(page.includes(`| \`${field}\` |`), `${name}.${field}`);
  }
});

test('the fields of rules and of other objects in the policy stand in the reference as its settings do', () => {
  /** All properties that the schema for other languages has, wherever they stand. */
  const named = (schema: unknown): string[] => {
    if (typeof schema !== 'object' || schema === null) return [];
    const { properties = {} } = schema as { readonly properties?: object };
    return [...Object.keys(properties), ...Object.values(schema).flatMap(named)];
  };
  const page = policyPage();
  const names = named(table.authorize.fields.rules.json).concat(named(table.quota.fields.requests.json));
  assert.ok(names.includes('notPrincipals') && names.includes('notClaims') && names.includes('share'));
  for (const section of Object.values(table)) {
    for (const field of Object.values(section.fields) as readonly { readonly json: unknown }[])
      names.push(...named(field.json));
  }
  for (const name of names) assert.ok(page.includes(`| \`${name}\` |`), name);
  assert.match(page, /\n\nEach of `rules\.to` has:\n\n/);
});

test('a slot that nobody explains stops the reference, as does a text for no slot', () => {
  const { retry, ...others } = outboundTexts;
  assert.ok(retry);
  assert.throws(() => slotsPage(others), /outbound: texts and slots differ for retry$/);
  assert.throws(
    () => slotsPage(undefined, { ...inboundTexts, unheard: retry }),
    /inbound: texts and slots differ for unheard$/,
  );
});
