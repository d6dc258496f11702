import * as v from 'valibot';
import { formatDuration, parseDuration } from './duration.ts';
import type { Field, Writes } from './fields.ts';

/** How many within how long. */
export interface Rate {
  readonly count: number;
  readonly periodMs: number;
}

const FORM = /^([1-9]\d{0,8})\/(\d{0,6})(ms|s|m|h)$/;

/** Reads `'100/s'`, `'1000/m'` or `'5/10s'`; undefined when `text` is none of these. */
export function parseRate(text: string): Rate | undefined {
  const [, count, length = '', unit] = FORM.exec(text) ?? [];
  if (count === undefined) return undefined;
  const periodMs = parseDuration(`${length || '1'}${unit}`)!;
  return periodMs > 0 ? { count: Number(count), periodMs } : undefined;
}

/** The shortest text for a rate. */
export function formatRate({ count, periodMs }: Rate): string {
  return `${count}/${formatDuration(periodMs).replace(/^1(?=[a-z]+$)/, '')}`;
}

/** How many within how long, written as `'100/s'`. */
export function rate(field: { default: string; about: string }): Field<Rate> & Writes<string> {
  return {
    default: field.default,
    about: field.about,
    must: "a rate such as '100/s', '1000/m' or '5/10s'",
    schema: v.pipe(
      v.unknown(),
      v.string(),
      v.transform((text) => parseRate(text) ?? { count: 0, periodMs: 0 }),
      v.check(({ count }) => count > 0),
    ),
    json: { type: 'string', pattern: FORM.source },
    show: formatRate,
    writes: '',
  };
}
