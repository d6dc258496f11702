/** How values become places on the paper: from what to what, and where to write them. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

type Range = readonly [from: number, to: number];

/** Equal steps are equal lengths; about `count` ticks, at round numbers. */
export function linear([from, to]: Range, [start, end]: Range, count: number): Scale {
  const step = roundStep((to - from) / count);
  const ticks: number[] = [];
  for (let turn = Math.ceil(from / step - 1e-9); turn * step <= to + step * 1e-9; turn++) {
    ticks.push(Number((turn * step).toPrecision(12)));
  }
  return { at: (value) => start + ((value - from) / (to - from)) * (end - start), ticks };
}

/** Equal factors are equal lengths: ticks at 1, 10, 100, with 2 and 5 between where there is room. `from` is above 0. */
export function logarithmic([from, to]: Range, [start, end]: Range): Scale {
  const decades = Math.log10(to / from);
  const between = decades > 2.5 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    ticks.push(...between.map((factor) => Number((factor * 10 ** power).toPrecision(3))));
  }
  const at = (value: number): number => start + (Math.log10(value / from) / decades) * (end - start);
  return { at, ticks: ticks.filter((tick) => tick >= from * 0.999 && tick <= to * 1.001) };
}

/** The next number of 1, 2 and 5, 10 … that is not below a step. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= step * 0.999) ?? 10);
}

/** The next round number above: where an axis may end. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * 0.9999) ?? 10);
}

/** Where an axis begins and ends that shows all from `least` to `most`: at 0 where that is near, and at round numbers. */
export function roundRange(least: number, most: number): readonly [from: number, to: number] {
  const step = roundStep((most - least) / 20);
  const from = least >= 0 && least < (most - least) / 10 ? 0 : Math.floor(least / step + 1e-9) * step;
  return [from, Math.ceil(most / step - 1e-9) * step];
}

/** Where a logarithmic axis begins and ends: at 1, 2 or 5 times a power of ten. */
export function decades(least: number, most: number): readonly [from: number, to: number] {
  const ends = [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power));
  return [ends.findLast((end) => end <= least) ?? least, ends.find((end) => end >= most) ?? most];
}
