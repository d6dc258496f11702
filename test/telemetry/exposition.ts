import assert from 'node:assert/strict';

/** One line of numbers. */
export interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All the lines of one metric. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly lines: Line[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[-+]\d+)?|Inf)|\+Inf|NaN)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
};

/** Reads the text format 0.0.4 of Prometheus, and fails on anything that it does not allow or that is told twice. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line has its end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let open: Family | undefined;
  let help: readonly [string, string] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('# HELP ')) {
      const [name] = NAME.exec(line.slice(7)) ?? assert.fail(line);
      help = [name!, line.slice(8 + name!.length)];
      assert.match(help[1], /^(?:[^\\]|\\[\\n])+$/);
    } else if (line.startsWith('# TYPE ')) {
      const [name, type] = line.slice(7).split(' ') as [string, string];
      assert.equal(help?.[0], name, 'what it means stands above what it is');
      assert.ok(type in SUFFIXES, type);
      assert.ok(!families.has(name), `${name} is told twice`);
      open = { name, type, help: help![1], lines: [] };
      families.set(name, open);
    } else {
      const [, name, pairs = '', value] = SAMPLE.exec(line) ?? assert.fail(line);
      assert.ok(
        SUFFIXES[open!.type]!.some((suffix) => name === open!.name + suffix),
        `${name} below ${open!.name}`,
      );
      assert.ok(!seen.has(line.slice(0, line.lastIndexOf(' '))), `told twice: ${line}`);
      seen.add(line.slice(0, line.lastIndexOf(' ')));
      open!.lines.push({ name: name!, labels: labelsOf(pairs), value: numberOf(value!) });
    }
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family);
  return families;
}

const numberOf = (text: string): number => (text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text));

function labelsOf(pairs: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = pairs; rest !== ''; ) {
    const [whole, name, value] = LABEL.exec(rest) ?? assert.fail(rest);
    assert.ok(!Object.hasOwn(labels, name!), `${name} stands twice`);
    assert.ok(!name!.startsWith('__'));
    labels[name!] = value!.replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign));
    rest = rest.slice(whole.length);
  }
  return labels;
}

/** Each series of a histogram has buckets that only grow, the last of them being all there is. */
function checkHistogram({ name, lines }: Family): void {
  const bare = ({ labels: { le, ...rest } }: Line) => JSON.stringify(rest);
  for (const [key, series] of Map.groupBy(lines, bare)) {
    const buckets = series.filter((line) => line.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => numberOf(labels.le!));
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
      key,
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY);
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
      key,
    );
    assert.equal(series.find((line) => line.name === `${name}_count`)?.value, counts.at(-1));
    assert.ok(series.some((line) => line.name === `${name}_sum`));
  }
}
