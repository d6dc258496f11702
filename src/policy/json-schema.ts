import type { Field, Section } from './fields.ts';
import { MISWRITTEN } from './route.ts';
import { table } from './table.ts';

/** The policy document as a JSON Schema (2020-12), for editors and for other languages. */
export function policyJsonSchema(): Record<string, unknown> {
  const sections = Object.fromEntries(Object.entries(table).map(([name, section]) => [name, ofSection(section)]));
  const properties = Object.fromEntries(Object.keys(sections).map((name) => [name, { $ref: `#/$defs/${name}` }]));
  const closed = { type: 'object', additionalProperties: false };
  const routes = {
    type: 'object',
    propertyNames: { not: { anyOf: MISWRITTEN.map(([form]) => ({ pattern: form.source })) } },
    additionalProperties: { $ref: '#/$defs/sections' },
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'inmesh policy',
    description: 'Defaults, then per service, then per route; the nearest wins, field by field.',
    ...closed,
    properties: {
      $schema: { type: 'string' },
      defaults: { $ref: '#/$defs/sections', description: 'For every service.' },
      services: {
        type: 'object',
        description: 'By the name of the service called.',
        additionalProperties: { $ref: '#/$defs/service' },
      },
    },
    $defs: {
      sections: { ...closed, properties },
      service: {
        ...closed,
        properties: { ...properties, routes },
      },
      ...sections,
    },
  };
}

const ofSection = ({ about, fields, formerly = {} }: Section): Record<string, unknown> => ({
  type: 'object',
  description: about,
  additionalProperties: false,
  properties: Object.fromEntries([
    ...Object.entries(fields).map(([name, field]) => [name, ofField(field)]),
    ...Object.entries(formerly).map(([name, { field }]) => [name, ofFormer(field)]),
  ]),
});

const ofFormer = ({ json, about }: Field): Record<string, unknown> => ({
  ...json,
  description: about,
  deprecated: true,
});

const ofField = (field: Field): Record<string, unknown> => ({
  ...field.json,
  description: field.about,
  default: field.default,
});
