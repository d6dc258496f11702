import { parseArgs } from 'node:util';
import { chaos } from '../test/integration/zookeeper/chaos.ts';

// npm run chaos -- --seed 7 --minutes 5

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '1' },
  },
});
const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
if (!Number.isInteger(seed) || !(minutes > 0)) throw new Error('--seed must be a whole number, --minutes more than 0');

console.log(`seed ${seed}, ${minutes} min`);
const report = await chaos(seed, minutes * 60_000, (line) => console.log(line));
const at = (share: number) => Math.round(report.converged[Math.floor(share * (report.converged.length - 1))] ?? 0);
console.log(`rounds ${report.rounds}, faults ${report.faults}`);
console.log(`converged p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, max ${at(1)} ms`);
console.log(`where sessions had to end first, max ${Math.round(report.renewed.at(-1) ?? 0)} ms`);
console.log(`heap ${report.heapMb.join(' -> ')} MB, handles left ${report.handles.length}`);
for (const problem of report.problems) console.error(problem);
process.exitCode = report.problems.length === 0 ? 0 : 1;
