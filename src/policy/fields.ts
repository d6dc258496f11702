import * as v from 'valibot';
import { DURATION, formatDuration, parseDuration } from './duration.ts';
import { StatusSet } from './status-set.ts';

/** One setting, written once: its type, default, check, meaning, JSON Schema and way back to text. */
export interface Field<Out = unknown> {
  readonly default: unknown;
  readonly about: string;
  /** What a value must be, to end the sentence "x must be …". */
  readonly must: string;
  /** @internal What checks it; no type that users see, so that valibot is nothing they need. */
  readonly schema: v.GenericSchema<unknown, Out>;
  readonly json: Readonly<Record<string, unknown>>;
  /** Reads what has parts of its own, so that a problem names the part. @throws PolicyProblem when it is not allowed. */
  readonly read?: (value: unknown, path: string) => Out;
  /** The fields of what is an object, or a list of such; `required` are those that must be said. */
  readonly parts?: { readonly of: Fields; readonly required: readonly string[] };
  /** The value as a document would say it. */
  show(value: Out): unknown;
}

/** Settings that belong together; one slot of the stack reads them. */
export interface Section {
  readonly about: string;
  readonly fields: Fields;
  /** Fields that once were, by their names: documents that have them are still read. */
  readonly formerly?: Formerly;
}

/** Fields that have become others. */
export type Formerly = Readonly<Record<string, Former>>;

/** A field that has become another. */
export interface Former {
  /** The field that it is now. Where a document has both, that one is read. */
  readonly now: string;
  /** What it was, to check by. */
  readonly field: Field;
  /** What a document would say today. */
  readonly read: (written: unknown) => unknown;
}

/** Settings by name. */
export type Fields = Readonly<Record<string, Field>>;

/** Settings by name, as filters read them. */
export type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer Out> ? Out : never;
};

/** The settings of a table of sections, as filters read them. */
export type Infer<T extends Readonly<Record<string, Section>>> = { readonly [K in keyof T]: Values<T[K]['fields']> };

/** The settings of a table of sections, as a person writes them: text, and only what differs. */
export type InferDocument<T extends Readonly<Record<string, Section>>> = {
  readonly [K in keyof T]?: { readonly [F in keyof T[K]['fields']]?: Written<T[K]['fields'][F]> } & Once<T[K]>;
};

/** The fields that a section once had. */
type Once<S> = S extends { readonly formerly: infer O }
  ? { readonly [F in keyof O]?: O[F] extends { readonly field: infer W } ? Written<W> : never }
  : unknown;

/** A setting as a person writes it. */
export type Written<F> = F extends Field<infer Out> ? (F extends { readonly writes: infer W } ? W : Out) : never;

/** How a setting is written, where that differs from how it is read. */
export interface Writes<W> {
  readonly writes: W;
}

export function section<F extends Fields>(about: string, fields: F): { about: string; fields: F };
export function section<F extends Fields, O extends Formerly>(
  about: string,
  fields: F,
  formerly: O,
): { about: string; fields: F; formerly: O };
export function section(about: string, fields: Fields, formerly?: Formerly): Section {
  return formerly === undefined ? { about, fields } : { about, fields, formerly };
}

const same = <T>(value: T): unknown => value;

/** A length of time; `off` lets it be switched off, which reads as no end. */
export function duration(field: {
  default: string;
  about: string;
  min?: string;
  max?: string;
  off?: true;
}): Field<number> & Writes<string> {
  const [min, max] = [parseDuration(field.min ?? '0ms')!, parseDuration(field.max ?? '24h')!];
  const parse = (text: string): number =>
    field.off && text === 'off' ? Number.POSITIVE_INFINITY : (parseDuration(text) ?? Number.NaN);
  const inRange = (ms: number): boolean =>
    (ms >= min && ms <= max) || (field.off === true && ms === Number.POSITIVE_INFINITY);
  return {
    default: field.default,
    about: field.about,
    must: `a duration from '${formatDuration(min)}' to '${formatDuration(max)}' such as '250ms' or '2s'${field.off ? ", or 'off'" : ''}`,
    schema: v.pipe(v.unknown(), v.string(), v.transform(parse), v.check(inRange)),
    json: { type: 'string', pattern: `^(?:${DURATION}${field.off ? '|off' : ''})$` },
    show: formatDuration,
    writes: '',
  };
}

export function integer(field: { default: number; about: string; min: number; max: number }): Field<number> {
  return {
    default: field.default,
    about: field.about,
    must: `a whole number from ${field.min} to ${field.max}`,
    schema: v.pipe(v.unknown(), v.number(), v.integer(), v.minValue(field.min), v.maxValue(field.max)),
    json: { type: 'integer', minimum: field.min, maximum: field.max },
    show: same,
  };
}

export function number(field: { default: number; about: string; min: number; max: number }): Field<number> {
  return {
    default: field.default,
    about: field.about,
    must: `a number from ${field.min} to ${field.max}`,
    schema: v.pipe(v.unknown(), v.number(), v.minValue(field.min), v.maxValue(field.max)),
    json: { type: 'number', minimum: field.min, maximum: field.max },
    show: same,
  };
}

export function flag(field: { default: boolean; about: string }): Field<boolean> {
  return {
    default: field.default,
    about: field.about,
    must: 'true or false',
    schema: v.pipe(v.unknown(), v.boolean()),
    json: { type: 'boolean' },
    show: same,
  };
}

export function choice<const T extends string>(field: {
  default: NoInfer<T>;
  about: string;
  of: readonly T[];
}): Field<T> {
  return {
    default: field.default,
    about: field.about,
    must: `one of ${field.of.map((one) => `'${one}'`).join(', ')}`,
    schema: v.pipe(v.unknown(), v.picklist(field.of)),
    json: { enum: field.of },
    show: same,
  };
}

/** HTTP statuses: numbers, and classes such as `'5xx'`. */
export function statuses(field: {
  default: readonly (number | string)[];
  about: string;
}): Field<StatusSet> & Writes<readonly (number | string)[]> {
  const one = v.union([
    v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599)),
    v.pipe(v.string(), v.regex(/^[1-5]xx$/)),
  ]);
  return {
    default: field.default,
    about: field.about,
    must: "a list of statuses such as [503, '5xx']",
    schema: v.pipe(
      v.unknown(),
      v.array(one),
      v.transform((listed) => new StatusSet(listed)),
    ),
    json: {
      type: 'array',
      items: {
        anyOf: [
          { type: 'integer', minimum: 100, maximum: 599 },
          { type: 'string', pattern: '^[1-5]xx$' },
        ],
      },
    },
    show: (set) => set.toJSON(),
    writes: [],
  };
}
