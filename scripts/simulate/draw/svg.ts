import type { Chart, Panel, Point, Series } from './chart.ts';
import { decades, linear, logarithmic, roundRange, roundUp, type Scale } from './scale.ts';

const [WIDTH, LEFT, RIGHT, TOP] = [760, 58, 22, 14];
const [PLOT, HEAD, GAP, FOOT] = [150, 44, 18, 44]; // heights: of a diagram, of what stands above it, between, below all
const LETTER = 6.3; // how wide a letter of 12 px is, more or less
const SAMPLE = 26; // the bit of line before a name

// Of Okabe and Ito, who chose them for all kinds of colour blindness; the second of each for a dark ground. Dashes tell
// lines apart where colours do not.
const LINES = [
  ['#0072b2', '#56b4e9', ''],
  ['#d55e00', '#ff9a5c', '7 3'],
  ['#007d5a', '#3ccf9f', '2 3'],
  ['#a64d85', '#e6a5c8', '9 3 2 3'],
  ['#6b6b00', '#e5d94b', '4 2'],
  ['#4a4a4a', '#c8c8c8', '1 2'],
] as const;

const PAPER = {
  light: ['#ffffff', '#1f2328', '#59636e', '#d9dee3', '#faf0d9'],
  dark: ['#0d1117', '#e6edf3', '#9aa4af', '#2c333b', '#33290f'],
};

/** Draws a chart: the same bytes for the same numbers, readable on light and dark and without colours. */
export function svg(title: string, chart: Chart): string {
  const names = [...new Set(chart.panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  if (names.length > LINES.length) throw new RangeError(`${title}: more lines than can be told apart: ${names}`);
  const right = WIDTH - RIGHT;
  const xs = chart.panels.flatMap(({ series }) => series.flatMap(({ points }) => points.map(([x]) => x)));
  const x = linear(roundRange(Math.min(...xs), Math.max(...xs)), [LEFT, right], 10);
  const height = TOP + chart.panels.length * (HEAD + PLOT + GAP) - GAP + FOOT;
  const panels = chart.panels.map((panel, at) =>
    drawn(panel, chart, { x, names, top: TOP + at * (HEAD + PLOT + GAP) + HEAD }),
  );
  const foot = height - FOOT;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style()}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="6"/>`,
    ...panels.flat(),
    ...x.ticks.map((tick) => text(x.at(tick), foot + 16, shown(tick), 'middle', 'quiet')),
    text((LEFT + right) / 2, foot + 34, chart.x, 'middle'),
    '</svg>',
  ].join('\n')}\n`;
}

interface Place {
  readonly x: Scale;
  readonly names: readonly string[];
  /** Where the diagram itself begins. */
  readonly top: number;
}

function drawn(panel: Panel, { spans = [] }: Chart, { x, names, top }: Place): string[] {
  const [bottom, right] = [top + PLOT, WIDTH - RIGHT];
  const y = scaleOf(panel, bottom, top);
  const { levels = [] } = panel;
  const clip = (value: number): number => Math.min(bottom, Math.max(top, y.at(value)));
  return [
    text(LEFT, top - 28, panel.y, 'start', 'strong'),
    ...legend(panel.series, names, top - 10),
    ...spans.map(({ from, to = from }) => {
      const [start, width] = [x.at(from), Math.max(1, x.at(to) - x.at(from))];
      return `<rect class="span" x="${n(start)}" y="${top}" width="${n(width)}" height="${PLOT}"/>`;
    }),
    ...y.ticks.flatMap((tick) => [
      `<path class="grid" d="M${LEFT} ${n(y.at(tick))}H${right}"/>`,
      text(LEFT - 7, y.at(tick) + 4, shown(tick), 'end', 'quiet'),
    ]),
    ...levels.map((level) => `<path class="level" d="M${LEFT} ${n(y.at(level.y))}H${right}"/>`),
    `<path class="axis" d="M${LEFT} ${top}V${bottom}H${right}"/>`,
    ...panel.series.map((series) => `<path class="line s${names.indexOf(series.name)}" d="${way(series, x, clip)}"/>`),
    ...levels.map((level) => text(right - 4, y.at(level.y) - 5, level.name, 'end', 'over')),
    ...(top === TOP + HEAD ? spans : []).map(({ from, name }) => text(x.at(from) + 5, top + 13, name, 'start', 'over')),
  ];
}

function scaleOf({ series, levels = [], from, to, scale }: Panel, bottom: number, top: number): Scale {
  const values = [
    ...series.flatMap(({ points }) => points.map(([, value]) => value)),
    ...levels.map((level) => level.y),
  ];
  const real = values.filter((value) => Number.isFinite(value) && (scale !== 'log' || value > 0));
  const [least, most] = [Math.min(...real), Math.max(...real, 1e-9)];
  if (scale !== 'log') return linear([from ?? 0, to ?? roundUp(most * 1.02)], [bottom, top], 4);
  const [low, high] = decades(least, most);
  return logarithmic([from ?? low, to ?? high], [bottom, top]);
}

/** The names of the lines, from left to right. */
function legend(series: readonly Series[], names: readonly string[], y: number): string[] {
  let left = LEFT;
  return series.flatMap(({ name }) => {
    const at = left;
    left += SAMPLE + 6 + name.length * LETTER + 18;
    return [
      `<path class="line s${names.indexOf(name)}" d="M${n(at)} ${y - 4}h${SAMPLE}"/>`,
      text(at + SAMPLE + 6, y, name),
    ];
  });
}

function way({ points, as }: Series, x: Scale, y: (value: number) => number): string {
  let path = '';
  let last: Point | undefined;
  for (const point of points) {
    if (Number.isNaN(point[1])) {
      last = undefined;
      continue;
    }
    const [across, up] = [n(x.at(point[0])), n(y(point[1]))];
    if (last === undefined) path += `M${across} ${up}`;
    else path += as === 'steps' ? `H${across}V${up}` : `L${across} ${up}`;
    last = point;
  }
  return path;
}

const text = (x: number, y: number, words: string, anchor = 'start', kind = ''): string =>
  `<text x="${n(x)}" y="${n(y)}"${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}${kind === '' ? '' : ` class="${kind}"`}>${escaped(words)}</text>`;

/** A tenth of a pixel: finer than anybody sees, coarser than what engines compute differently. */
const n = (value: number): string => String(Number(value.toFixed(1)));

const shown = (value: number): string => (value >= 10_000 ? `${value / 1_000}k` : String(value));

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function style(): string {
  const of = ([paper, ink, quiet, grid, span]: readonly string[], dark: 0 | 1): string =>
    [
      `.paper{fill:${paper}}text{fill:${ink}}.quiet{fill:${quiet}}.grid{stroke:${grid}}.span{fill:${span}}`,
      `.axis,.level{stroke:${quiet}}.over{stroke:${paper}}`,
      ...LINES.map((line, at) => `.s${at}{stroke:${line[dark]}}`),
    ].join('');
  return [
    'text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif}.quiet{font-size:11px}.strong{font-weight:600}',
    '.over{font-size:11px;paint-order:stroke;stroke-width:4px;stroke-linejoin:round}path{fill:none}.line{stroke-width:1.8;stroke-linejoin:round}.level{stroke-dasharray:3 3}',
    ...LINES.map(([, , dashes], at) => (dashes === '' ? '' : `.s${at}{stroke-dasharray:${dashes}}`)),
    of(PAPER.light, 0),
    `@media(prefers-color-scheme:dark){${of(PAPER.dark, 1)}}`,
  ].join('');
}
