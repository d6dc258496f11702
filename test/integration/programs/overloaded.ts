// A server that does eight things at a time, behind a mesh that sheds, and says what it did when it is asked.
import { createServer } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { createMesh } from '../../../src/index.ts';
import type { PolicySections } from '../../../src/policy/table.ts';
import { settings } from '../../support/processes.ts';

/** What it is told. */
export interface OverloadedSettings {
  readonly shed: NonNullable<PolicySections['shed']>;
}

/** What it says it did. */
export interface OverloadedSaid {
  readonly served: number;
  readonly refused: number;
  /** The most that it served at once. */
  readonly peak: number;
  /** What `shed` says is being served and waits now. */
  readonly left: number;
  readonly limit: number;
}

const WORK_MS = 5;
const { shed } = settings<OverloadedSettings>();
const mesh = await createMesh({ service: 'orders', registry: { fixed: {} }, policy: { defaults: { shed } } });
let [served, refused, serving, peak] = [0, 0, 0, 0];
mesh.on(({ type }) => {
  if (type === 'refused') refused++;
});

let free = 8;
const queue: (() => void)[] = [];
async function work(): Promise<void> {
  if (free === 0) await new Promise<void>((resolve) => queue.push(resolve));
  else free--;
  await after(WORK_MS);
  const next = queue.shift();
  if (next === undefined) free++;
  else next();
}

const server = createServer(
  mesh.handler(async () => {
    peak = Math.max(peak, ++serving);
    await work();
    serving--;
    served++;
    return new Response('done');
  }),
);
const { instance } = await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
process.send?.({ url: `http://127.0.0.1:${instance.port}` });
process.on('message', () => {
  const { serving: held, waiting, limit } = mesh.snapshot().shed;
  process.send?.({ served, refused, peak, left: held + waiting, limit } satisfies OverloadedSaid);
});
process.on('disconnect', () => process.exit());
