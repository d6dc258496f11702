import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaos } from './chaos.ts';

const SEED = Number(process.env.CHAOS_SEED ?? 20_261_123);
const FOR_MS = Number(process.env.CHAOS_MS ?? 60_000);

test('a minute of chaos: nobody crashes, nobody waits for ever, and after each round everybody knows the truth', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const report = await chaos(SEED, FOR_MS, () => {});
  const { converged, renewed } = report;
  const at = (share: number) => Math.round(converged[Math.floor(share * (converged.length - 1))] ?? 0);
  t.diagnostic(`${report.rounds} rounds, ${report.faults} faults, converged p50 ${at(0.5)} max ${at(1)} ms`);
  t.diagnostic(`where sessions had to end first, max ${Math.round(renewed.at(-1) ?? 0)} ms`);
  t.diagnostic(`heap ${report.heapMb.join(' -> ')} MB`);
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.handles, []);
  assert.ok(report.rounds > 0 && converged.length + renewed.length === report.rounds);
  assert.ok(at(1) <= 3_000, `every watcher knows the truth within 3 s of healing, not in ${report.slowest}`);
  assert.ok(report.heapMb[1] < report.heapMb[0] + 10, `the heap went from ${report.heapMb.join(' to ')} MB`);
});
