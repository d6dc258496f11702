import * as v from 'valibot';
import type { Field, Section } from './fields.ts';
import { type PolicyDocument, table } from './table.ts';

/** What is wrong with a policy document: the path, what there must be, and what there is. */
export class PolicyProblem extends TypeError {
  override readonly name = 'PolicyProblem';
}

const SECTIONS: Readonly<Record<string, Section>> = table;
const ROUTES = 'routes';

/**
 * Checks a policy document, whole. It may come from anywhere: code, a file, another machine.
 * @throws PolicyProblem at the first thing that is not as it must be.
 */
export function checkPolicy(document: unknown): asserts document is PolicyDocument {
  for (const [key, part] of entriesOf(document, '')) {
    if (key === '$schema') {
      // It is for the editor, and ours only so far as that it must not be mistaken for anything else.
      if (typeof part !== 'string') throw new PolicyProblem(`$schema must be text, got ${show(part)}`);
      continue;
    }
    if (key === 'defaults') checkSections(part, 'defaults', false);
    else if (key === 'services') {
      for (const [service, sections] of entriesOf(part, 'services'))
        checkSections(sections, `services.${service}`, true);
    } else throw noSuch('', key, ['defaults', 'services']);
  }
}

function checkSections(sections: unknown, path: string, mayHaveRoutes: boolean): void {
  for (const [key, part] of entriesOf(sections, path)) {
    if (key === ROUTES && mayHaveRoutes) {
      for (const [route, inner] of entriesOf(part, `${path}.routes`))
        checkSections(inner, `${path}.routes['${route}']`, false);
      continue;
    }
    const section = own(SECTIONS, key);
    if (section === undefined) throw noSuch(path, key, [...Object.keys(SECTIONS), ...(mayHaveRoutes ? [ROUTES] : [])]);
    for (const [name, value] of entriesOf(part, `${path}.${key}`)) {
      const field = own(section.fields, name);
      if (field === undefined) throw noSuch(`${path}.${key}`, name, Object.keys(section.fields));
      if (value !== undefined) readField(field, value, `${path}.${key}.${name}`);
    }
  }
}

/** What a filter reads for what a person wrote. @throws PolicyProblem when it is not allowed. */
export function readField<Out>(field: Field<Out>, value: unknown, path: string): Out {
  const read = v.safeParse(field.schema, value);
  if (!read.success) throw new PolicyProblem(`${path} must be ${field.must}, got ${show(value)}`);
  return read.output;
}

function entriesOf(part: unknown, path: string): [string, unknown][] {
  const proto = typeof part === 'object' && part !== null ? Object.getPrototypeOf(part) : undefined;
  if (proto === Object.prototype || proto === null) return Object.entries(part as object);
  throw new PolicyProblem(`${path || 'the policy'} must be an object, got ${show(part)}`);
}

const noSuch = (path: string, key: string, there: readonly string[]): PolicyProblem =>
  new PolicyProblem(`${path === '' ? key : `${path}.${key}`}: no such field; there are ${there.join(', ')}`);

const own = <T>(of: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(of, key) ? of[key] : undefined;

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 80)}…` : value}'`;
  if (typeof value === 'number' || typeof value === 'bigint' || value == null) return String(value);
  if (typeof value === 'boolean' || Array.isArray(value)) return JSON.stringify(value).slice(0, 120);
  return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`;
}
