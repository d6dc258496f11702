import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chart } from '../../scripts/simulate/draw/chart.ts';
import { decades, linear, logarithmic, roundRange, roundUp } from '../../scripts/simulate/draw/scale.ts';
import { svg } from '../../scripts/simulate/draw/svg.ts';

const chart: Chart = {
  x: 'seconds',
  spans: [{ from: 2, to: 4, name: 'all < fail' }],
  panels: [
    {
      y: 'p99, ms',
      series: [
        {
          name: 'ours',
          points: [
            [0, 10],
            [5, 20],
            [10, 10],
          ],
        }, // prettier than any formatter has it
        {
          name: 'theirs',
          as: 'steps',
          points: [
            [0, 40],
            [5, Number.NaN],
            [6, 40],
            [10, 30],
          ],
        },
      ],
      levels: [{ y: 25, name: 'at most' }],
    },
    {
      y: 'share, %',
      series: [
        {
          name: 'theirs',
          points: [
            [0, 1],
            [10, 2],
          ],
        },
      ],
    },
  ],
};

test('ticks are round numbers, and so are the ends of an axis', () => {
  assert.deepEqual(linear([0, 1], [0, 100], 4).ticks, [0, 0.5, 1]);
  assert.deepEqual(linear([0, 0.3], [0, 100], 4).ticks, [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(linear([90, 100], [0, 100], 10).ticks, [90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
  assert.deepEqual(logarithmic([10, 500], [0, 100]).ticks, [10, 20, 50, 100, 200, 500]);
  assert.deepEqual(logarithmic([1, 10_000], [0, 100]).ticks, [1, 10, 100, 1_000, 10_000]);
  assert.deepEqual([roundUp(0.43), roundUp(101), roundUp(3)], [0.5, 120, 3]);
  assert.deepEqual(roundRange(0.125, 19.875), [0, 20]);
  assert.deepEqual(roundRange(90, 99.9), [90, 100]);
  assert.deepEqual(decades(12, 180), [10, 200]);
});

test('equal steps are equal lengths, or equal factors where a scale is logarithmic', () => {
  const { at } = linear([0, 10], [100, 0], 5);
  assert.deepEqual([at(0), at(5), at(10)], [100, 50, 0]);
  const log = logarithmic([1, 100], [100, 0]);
  assert.deepEqual([log.at(1), log.at(10), log.at(100)], [100, 50, 0]);
});

test('the same numbers give the same bytes, and so do numbers that differ by less than anybody sees', () => {
  const shaken = { ...chart, panels: chart.panels.map((panel) => ({ ...panel, series: panel.series.map(shake) })) };
  assert.equal(svg('a day', chart), svg('a day', chart));
  assert.equal(svg('a day', shaken), svg('a day', chart));
});

const shake = (series: Chart['panels'][number]['series'][number]) => ({
  ...series,
  points: series.points.map(([x, y]) => [x * (1 + 1e-12), y * (1 - 1e-12)] as const),
});

test('a line keeps its looks in all panels, and what there is no number for is a gap', () => {
  const drawn = svg('a day', chart);
  const lines = [...drawn.matchAll(/<path class="line (s\d)" d="([^"]+)"/g)].map(([, kind, d]) => ({ kind, d }));
  assert.deepEqual(
    lines.map(({ kind }) => kind),
    ['s0', 's1', 's0', 's1', 's1', 's1'],
    'two names, two lines; one name, one line',
  );
  assert.equal(lines[3]!.d!.match(/M/g)!.length, 2, 'a gap');
  assert.match(lines[3]!.d!, /^M[\d. ]+M[\d. ]+H[\d.]+V[\d.]+$/, 'steps');
  assert.doesNotMatch(drawn, /NaN|Infinity|undefined/);
});

test('a picture says what it shows, in words that can do no harm, for light and dark', () => {
  const drawn = svg('"a" & b', chart);
  assert.match(drawn, /<title>&quot;a&quot; &amp; b<\/title>/);
  assert.match(drawn, />all &lt; fail</);
  assert.match(drawn, /prefers-color-scheme:dark/);
  assert.match(drawn, /<rect class="paper"/, 'a ground of its own, whatever page it is put on');
  for (const words of ['seconds', 'p99, ms', 'share, %', 'at most', 'ours', 'theirs'])
    assert.ok(drawn.includes(`>${words}<`), words);
});

test('more lines than can be told apart are refused', () => {
  const series = Array.from({ length: 7 }, (_, at) => ({ name: `${at}`, points: [[0, 1] as const, [1, 1] as const] }));
  assert.throws(() => svg('a day', { x: 's', panels: [{ y: 'n', series }] }), /more lines than can be told apart/);
});
