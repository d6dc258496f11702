/** What a bench has found. */
export interface Report {
  readonly bench: string;
  /** What was measured and how, in a sentence or two. */
  readonly about: string;
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [name: string, ...cells: number[]])[];
}

/** What is wanted, and what is there. */
export interface Target {
  readonly what: string;
  readonly figure: number;
  readonly limit: number;
  /** Whether `limit` is the least there may be, rather than the most. */
  readonly atLeast?: boolean;
  readonly unit: string;
}

export const isMet = ({ figure, limit, atLeast = false }: Target): boolean =>
  atLeast ? figure >= limit : figure <= limit;

/** A report as Markdown. */
export function render({ bench, about, tables, targets }: Report): string {
  const parts = [`## bench/${bench}`, about, ...tables.map(renderTable)];
  if (targets.length > 0) parts.push(renderTargets(targets));
  return `${parts.join('\n\n')}\n`;
}

const renderTable = ({ title, columns, rows }: Table): string =>
  grid([[title, ...columns], ...rows.map(([name, ...cells]) => [name, ...cells.map(show)])]);

const renderTargets = (targets: readonly Target[]): string =>
  grid([
    ['target', 'wanted', 'measured', ''],
    ...targets.map((target) => {
      const { what, figure, limit, unit, atLeast } = target;
      const mark = isMet(target) ? 'met' : 'NOT met';
      return [what, `${atLeast ? '≥' : '≤'} ${show(limit)}${unit}`, `${show(figure)}${unit}`, mark];
    }),
  ]);

function grid(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const draw = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, at) => (at === 0 ? `:${'-'.repeat(width + 1)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [draw(lines[0]!), rule, ...lines.slice(1).map(draw)].join('\n');
}

/** Three digits that matter. */
function show(value: number): string {
  if (Number.isNaN(value)) return '';
  const digits = Math.abs(value) >= 100 || value === 0 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
