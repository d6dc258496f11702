import * as v from 'valibot';
import type { Field } from './fields.ts';

/** What is wrong with a policy document: the path, what there must be, and what there is. */
export class PolicyProblem extends TypeError {
  override readonly name = 'PolicyProblem';
}

/** What a filter reads for what a person wrote. @throws PolicyProblem when it is not allowed. */
export function readField<Out>(field: Field<Out>, value: unknown, path: string): Out {
  if (field.read !== undefined) return field.read(value, path);
  const read = v.safeParse(field.schema, value);
  if (!read.success) throw new PolicyProblem(`${path} must be ${field.must}, got ${show(value)}`);
  return read.output;
}

/** What stands in an object of the document. @throws PolicyProblem when it is none. */
export function entriesOf(part: unknown, path: string): [string, unknown][] {
  const proto = typeof part === 'object' && part !== null ? Object.getPrototypeOf(part) : undefined;
  if (proto === Object.prototype || proto === null) return Object.entries(part as object);
  throw new PolicyProblem(`${path || 'the policy'} must be an object, got ${show(part)}`);
}

/** What to say of a key that there is not. */
export const noSuch = (path: string, key: string, there: readonly string[]): PolicyProblem =>
  new PolicyProblem(`${path === '' ? key : `${path}.${key}`}: no such field; there are ${there.join(', ')}`);

/** A value, as a sentence about it says it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 80)}…` : value}'`;
  if (typeof value === 'number' || typeof value === 'bigint' || value == null) return String(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return showList(value);
  return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`;
}

function showList(list: readonly unknown[]): string {
  try {
    return JSON.stringify(list).slice(0, 120);
  } catch {
    return 'a list'; // with something in it that JSON has no word for, or itself
  }
}
