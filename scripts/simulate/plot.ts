import type { Plot, Scenario } from './scenario.ts';

const [WIDTH, ROW, LEFT, RIGHT] = [560, 28, 190, 70];

/** A picture of bars, readable on white and on black. */
export function svg({ shows }: Scenario, { unit, bars }: Plot): string {
  const most = Math.max(...bars.map(([, value]) => value), 1e-9);
  const rows = bars.map(([name, value], at) => {
    const [y, width] = [at * ROW + 46, (value / most) * (WIDTH - LEFT - RIGHT)];
    return [
      `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${name}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="18" rx="2"/>`,
      `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 14}">${short(value)}</text>`,
    ].join('');
  });
  const height = bars.length * ROW + 52;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${shows}</title>
<style>text{font:12px system-ui,sans-serif;fill:#1f2328}rect{fill:#2f6fde}@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#6ea8ff}}</style>
<text x="8" y="18">${shows}</text>
<text x="8" y="35" opacity="0.7">${unit}</text>
${rows.join('\n')}
</svg>
`;
}

/** A number as people read it: three digits that count. */
export const short = (value: number): string => String(Number(value.toPrecision(value >= 100 ? 4 : 3)));
