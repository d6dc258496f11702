import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** A piece of a line: what it says, and how it looks. Nothing here is wider than one column a character. */
export type Piece = readonly [text: string, style?: Style | undefined];

/** Pieces side by side. */
export type Line = readonly Piece[];

/** The line as a terminal wants it, cut to so many columns. Colours only where the terminal has them. */
export function paint(line: Line, columns: number): string {
  let [left, painted] = [columns, ''];
  for (const [text, style] of line) {
    const shown = text.slice(0, left);
    left -= shown.length;
    painted += style === undefined || shown === '' ? shown : styleText(style, shown);
  }
  return painted;
}

/** A bar so many columns wide, filled to a share, exact to an eighth of a column. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * columns * 8);
  const rest = ' ▏▎▍▌▋▊▉'[eighths % 8]!;
  return `${'█'.repeat(Math.floor(eighths / 8))}${rest === ' ' ? '' : rest}`.padEnd(columns);
}

/** 12 345 for 12345. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ' ');

/** `1 retry`, `2 retries`. */
export const counted = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`;

/** Milliseconds with no more digits than matter. */
export const millis = (ms: number): string =>
  Number.isFinite(ms) && ms > 0 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : '–';
