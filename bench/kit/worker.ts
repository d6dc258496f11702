import type { Competitor, Opening, Task } from './competitor.ts';

// The process of one competitor: `worker.ts <bench> <name>`. Works a round whenever it is told to.

const benches: Readonly<Record<string, () => Promise<{ readonly competitors: Readonly<Record<string, Opening>> }>>> = {
  call: () => import('../call/competitors.ts'),
  telemetry: () => import('../telemetry/competitors.ts'),
  brownout: () => import('../brownout/competitors.ts'),
  http: () => import('../http/competitors.ts'),
  serve: () => import('../serve/competitors.ts'),
  pick: () => import('../pick/competitors.ts'),
};

const [bench = '', name = ''] = process.argv.slice(2);
const { competitors } = await benches[bench]!();
const competitor: Competitor = await competitors[name]!();
const send = (message: unknown): void => void process.send?.(message);

process.on('message', (task: Task | 'close') => {
  if (task === 'close') {
    void Promise.resolve(competitor.close?.()).finally(() => process.exit(0));
    return;
  }
  competitor.round(task).then(send, (error: unknown) => {
    console.error(`${bench}/${name}:`, error);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0)); // whoever started us is gone
send('ready');
