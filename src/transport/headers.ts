import { MeshError } from '../core/errors.ts';

/** Header fields by lower-case name; a list where a name came several times. */
export type Fields = Record<string, string | string[]>;

type Value = string | readonly string[] | number | null | undefined;

/** Headers as callers may give them: by name, as pairs (a `Headers`, a `Map`), or as undici's flat list. */
export type HeadersLike = Readonly<Record<string, Value>> | Iterable<readonly [string, Value]> | readonly string[];

/** The headers by lower-case name. What is undefined or null is left out. @throws MeshError when they have no such form. */
export function readHeaders(headers: HeadersLike): Fields {
  const fields: Fields = {};
  if (isIterable(headers)) {
    if (isFlat(headers)) for (let at = 0; at < headers.length; at += 2) add(fields, headers[at]!, headers[at + 1]);
    else for (const pair of headers) add(fields, ...pairOf(pair));
    return fields;
  }
  if (typeof headers !== 'object' || headers === null) throw bad(`headers must be an object, got ${typeof headers}`);
  for (const [name, value] of Object.entries(headers)) add(fields, name, value);
  return fields;
}

const isFlat = (headers: unknown): headers is readonly string[] =>
  Array.isArray(headers) && headers.length > 0 && typeof headers[0] === 'string';

function isIterable(headers: object): headers is Iterable<readonly [string, Value]> {
  return headers !== null && typeof (headers as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}

function pairOf(pair: unknown): [string, Value] {
  if (Array.isArray(pair) && pair.length === 2) return pair as [string, Value];
  throw bad('headers must be given by name, or as pairs of name and value');
}

function add(fields: Fields, name: string, value: Value): void {
  if (value === undefined || value === null) return;
  const key = String(name).toLowerCase();
  const there = Object.hasOwn(fields, key) ? fields[key] : undefined;
  const more = typeof value === 'string' ? value : Array.isArray(value) ? value.map(String) : String(value);
  fields[key] = there === undefined ? more : [there, more].flat();
}

const bad = (message: string): MeshError => new MeshError('request', message);
