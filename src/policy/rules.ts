import * as v from 'valibot';
import type { Field, Fields, Values, Writes, Written } from './fields.ts';
import { entriesOf, noSuch, PolicyProblem, readField, show } from './read.ts';

const LONGEST = 1_024; // characters of a text, where a field says nothing else

/** A text; `must` ends the sentence "x must be …", and `pattern` is what it must match. Empty is allowed where it is the default. */
export function text(field: {
  default: string;
  about: string;
  must?: string;
  pattern?: RegExp;
  max?: number;
}): Field<string> {
  const { pattern, max = LONGEST } = field;
  const fits = (value: string): boolean =>
    value === field.default || (value.length <= max && (pattern === undefined || pattern.test(value)));
  return {
    default: field.default,
    about: field.about,
    must: field.must ?? `text of ${max} characters at most`,
    schema: v.pipe(v.unknown(), v.string(), v.check(fits)),
    json: { type: 'string', maxLength: max, ...(pattern && { pattern: orDefault(pattern, field.default) }) },
    show: (value) => value,
  };
}

const orDefault = ({ source }: RegExp, value: string): string => (value === '' ? `^$|${source}` : source);

/** A list of texts, each as `text` has it; `fits` is asked where a pattern can not say it. */
export function texts(field: {
  default?: readonly string[];
  about: string;
  must?: string;
  pattern?: RegExp;
  fits?: (value: string) => boolean;
  most?: number;
}): Field<readonly string[]> & Writes<readonly string[]> {
  const { pattern, fits, most = 100 } = field;
  const one = v.pipe(
    v.string(),
    v.maxLength(LONGEST),
    v.check((value) => (pattern?.test(value) ?? true) && (fits?.(value) ?? true)),
  );
  return {
    default: field.default ?? [],
    about: field.about,
    must: field.must ?? `a list of ${most} texts at most`,
    schema: v.pipe(v.unknown(), v.array(one), v.maxLength(most)),
    json: {
      type: 'array',
      maxItems: most,
      items: { type: 'string', maxLength: LONGEST, ...(pattern && { pattern: pattern.source }) },
    },
    show: (value) => value,
    writes: [],
  };
}

/** A list of texts that, while it is not said, stands for any: one that is said and is empty is for none. */
export const textsIfSaid = (field: {
  about: string;
  must?: string;
  pattern?: RegExp;
  fits?: (value: string) => boolean;
}): Field<readonly string[] | undefined> & Writes<readonly string[]> => {
  const said = texts(field);
  return { ...said, default: undefined, schema: v.optional(said.schema) };
};

/** What each of some texts by name must be. */
interface Each {
  /** What a text must match, and what to say of that. */
  readonly pattern: RegExp;
  readonly must: string;
  /** What a name must match, and what to say of that. */
  readonly name: RegExp;
  readonly named: string;
}

/** Texts by name, such as labels or headers. Any will do, unless `each` says what they must be. */
export function labels(field: {
  about: string;
  most?: number;
  each?: Each;
}): Field<Readonly<Record<string, string>>> & Writes<Readonly<Record<string, string>>> {
  const { most = 32, each } = field;
  const must = `an object of ${most} texts at most${each === undefined ? '' : `, each ${each.must}`}`;
  return {
    default: {},
    about: field.about,
    must,
    schema: v.unknown() as v.GenericSchema<unknown, Readonly<Record<string, string>>>,
    read(value, path) {
      const entries = entriesOf(value, path);
      if (entries.length > most) throw new PolicyProblem(`${path} must be ${must}, got ${entries.length}`);
      for (const [name, one] of entries) {
        if (each !== undefined) checkName(name, each, path);
        if (typeof one !== 'string' || each?.pattern.test(one) === false) {
          throw new PolicyProblem(`${path}.${name} must be ${each?.must ?? 'text'}, got ${show(one)}`);
        }
      }
      return Object.fromEntries(entries) as Record<string, string>;
    },
    json: {
      type: 'object',
      maxProperties: most,
      ...(each && { propertyNames: { maxLength: LONGEST, pattern: each.name.source } }),
      additionalProperties: { type: 'string', ...(each && { pattern: each.pattern.source }) },
    },
    show: (value) => value,
    writes: {},
  };
}

function checkName(key: string, { name, named }: Each, path: string): void {
  if (key.length > LONGEST || !name.test(key)) {
    throw new PolicyProblem(`${path}: a name must be ${named}, got ${show(key)}`);
  }
}

/** Texts by name, one or several to each; they are read as lists. */
export function textsByName(field: {
  about: string;
  most?: number;
  each: Each;
}): Field<Readonly<Record<string, readonly string[]>>> & Writes<Readonly<Record<string, string | readonly string[]>>> {
  const { about, each, most = 32 } = field;
  const { pattern, must, name } = each;
  const several = texts({ about, pattern });
  const one = { type: 'string', maxLength: LONGEST, pattern: pattern.source };
  return {
    default: {},
    about,
    must: `an object of ${most} at most, each of them ${must}`,
    schema: v.unknown() as v.GenericSchema<unknown, Readonly<Record<string, readonly string[]>>>,
    read(value, path) {
      const entries = entriesOf(value, path);
      if (entries.length > most) throw new PolicyProblem(`${path} must be of ${most} at most, got ${entries.length}`);
      const lists = entries.map(([key, said]) => {
        checkName(key, each, path);
        const read = v.safeParse(several.schema, typeof said === 'string' ? [said] : said);
        if (!read.success) throw new PolicyProblem(`${path}.${key} must be ${must}, got ${show(said)}`);
        return [key, read.output] as const;
      });
      return Object.fromEntries(lists);
    },
    json: {
      type: 'object',
      maxProperties: most,
      propertyNames: { maxLength: LONGEST, pattern: name.source },
      additionalProperties: { anyOf: [one, several.json] },
    },
    show: (value) => value,
    writes: {},
  };
}

type Item<F extends Fields, R extends keyof F> = { readonly [K in R]: Written<F[K]> } & {
  readonly [K in Exclude<keyof F, R>]?: Written<F[K]>;
};

/** What must be so of the fields of one object together. */
export interface Together<T> {
  /** What is wrong, to stand behind the path of the object; nothing where all is well. */
  readonly problem: (item: T) => string | undefined;
  /** The same for the JSON Schema. */
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * A list of objects of one kind: rules, routes. `required` must be said in each; the rest have defaults. `together` says
 * what no field can say alone.
 */
export function list<const F extends Fields, R extends keyof F & string = never>(field: {
  about: string;
  of: F;
  required?: readonly R[];
  most?: number;
  together?: Together<Values<F>>;
}): Field<readonly Values<F>[]> & Writes<readonly Item<F, R>[]> {
  const { of, required = [], most = 100, together } = field;
  const must = `a list of ${most} objects at most`;
  return {
    default: [],
    about: field.about,
    must,
    schema: v.unknown() as v.GenericSchema<unknown, readonly Values<F>[]>,
    read(value, path) {
      if (!Array.isArray(value) || value.length > most) {
        throw new PolicyProblem(`${path} must be ${must}, got ${Array.isArray(value) ? value.length : show(value)}`);
      }
      return value.map((item, at) => {
        const read = readObject(of, required, item, `${path}[${at}]`);
        const problem = together?.problem(read);
        if (problem !== undefined) throw new PolicyProblem(`${path}[${at}]${problem}`);
        return read;
      });
    },
    json: { type: 'array', maxItems: most, items: { ...objectSchema(of, required), ...together?.json } },
    parts: { of, required },
    show: (items) => items.map((item) => showObject(of, item)),
    writes: [],
  };
}

/** An object within a rule. */
export function group<const F extends Fields>(field: {
  about: string;
  of: F;
}): Field<Values<F>> & Writes<Item<F, never>> {
  return {
    default: Object.fromEntries(Object.entries(field.of).map(([name, { default: value }]) => [name, value])),
    about: field.about,
    must: 'an object',
    schema: v.unknown() as v.GenericSchema<unknown, Values<F>>,
    read: (value, path) => readObject(field.of, [], value, path),
    json: objectSchema(field.of, []),
    parts: { of: field.of, required: [] },
    show: (value) => showObject(field.of, value),
    writes: {},
  };
}

function readObject<F extends Fields>(of: F, required: readonly string[], value: unknown, path: string): Values<F> {
  const said = new Map(entriesOf(value, path));
  for (const key of said.keys()) if (!Object.hasOwn(of, key)) throw noSuch(path, key, Object.keys(of));
  for (const key of required) if (said.get(key) === undefined) throw new PolicyProblem(`${path}.${key} is missing`);
  const read = Object.entries(of).map(([name, field]) => {
    const own = said.get(name);
    return [name, readField(field, own === undefined ? field.default : own, `${path}.${name}`)] as const;
  });
  return Object.fromEntries(read) as Values<F>;
}

const showObject = <F extends Fields>(of: F, value: Values<F>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(of).map(([name, field]) => [name, field.show(value[name as keyof F])]));

const objectSchema = (of: Fields, required: readonly string[]): Record<string, unknown> => ({
  type: 'object',
  additionalProperties: false,
  ...(required.length > 0 && { required }),
  properties: Object.fromEntries(
    Object.entries(of).map(([name, field]) => [
      name,
      { ...field.json, description: field.about, ...(field.default !== undefined && { default: field.default }) },
    ]),
  ),
});
