import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Field, Section } from '../../src/policy/fields.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { readField } from '../../src/policy/read.ts';
import { table } from '../../src/policy/table.ts';

const fields = Object.entries(table).flatMap(([section, { fields }]) =>
  Object.entries(fields).map(([name, field]) => ({ path: `${section}.${name}`, field: field as Field })),
);

for (const { path, field } of fields) {
  test(`${path} has a default that passes its own check and reads back as it is written`, () => {
    const value = readField(field, field.default, path);
    assert.deepEqual(field.show(value), field.default);
  });

  test(`${path} says in a sentence what it means, and what it must be`, () => {
    assert.match(field.about, /^\S.{10,}\.$/s);
    assert.match(field.must, /^(?:an? |one of |true or false)/);
  });
}

test('there are few enough settings to be known: 130 in all, 6 in a section', () => {
  assert.ok(fields.length <= 130, `${fields.length}`);
  for (const [section, { fields }] of Object.entries(table)) {
    assert.ok(Object.keys(fields).length <= 6, `${section} has ${Object.keys(fields).length}`);
  }
});

test('the JSON Schema has every section and every field, with its default and meaning, and nothing else', () => {
  const schema = policyJsonSchema() as {
    $defs: Record<string, { properties: Record<string, Record<string, unknown>> }>;
  };
  for (const [section, { fields, formerly }] of Object.entries(table as Readonly<Record<string, Section>>)) {
    const { properties } = schema.$defs[section]!;
    assert.deepEqual(Object.keys(properties), [...Object.keys(fields), ...Object.keys(formerly ?? {})]);
    for (const [name, field] of Object.entries(fields)) {
      assert.deepEqual(properties[name]!.default, field.default);
      assert.equal(properties[name]!.description, field.about);
    }
  }
  assert.deepEqual(Object.keys(schema.$defs).sort(), ['sections', 'service', ...Object.keys(table)].sort());
  assert.deepEqual(Object.keys(schema.$defs.sections!.properties), Object.keys(table));
  assert.deepEqual(Object.keys(schema.$defs.service!.properties), [...Object.keys(table), 'routes']);
});

test('the JSON Schema is plain data', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(policyJsonSchema())), policyJsonSchema());
});
