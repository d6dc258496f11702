/** The form of a length of time, for who writes patterns. */
export const DURATION = String.raw`(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h))+`;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const FORM = new RegExp(`^${DURATION}$`);
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;

/** Milliseconds of a length of time such as `'250ms'`, `'2s'` or `'1m30s'`; undefined when `text` is not one. */
export function parseDuration(text: string): number | undefined {
  if (!FORM.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * UNITS[unit as keyof typeof UNITS];
  return ms;
}

/** The shortest text for a length of time: `90_000` is `'1m30s'`, and no end is `'off'`. */
export function formatDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'off';
  let [left, text] = [ms, ''];
  for (const unit of ['h', 'm', 's'] as const) {
    const whole = Math.floor(left / UNITS[unit]);
    if (whole > 0) text += `${whole}${unit}`;
    left -= whole * UNITS[unit];
  }
  return left > 0 || text === '' ? `${text}${Number(left.toFixed(3))}ms` : text;
}
