import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import type { Bench } from '../kit/bench.ts';
import { lanes } from '../kit/measure.ts';
import { SERVER_CPU, start } from '../kit/pinned.ts';
import type { Target } from '../kit/report.ts';
import { type Offered, offer } from './offer.ts';

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));
const KINDS = ['waits', 'computes'];
const SHED = { mode: 'enforce', algorithm: 'gradient', lag: '5ms' } as const;

/** What one kind of instance did. */
interface Figures {
  readonly peak: number;
  readonly alone: Offered;
  readonly shed: Offered;
  readonly limit: number;
  /** The share of the time in which the instance was ready to run and was not let: above a few per cent, no figure means much. */
  readonly starved: number;
  /** Bytes on the heap at the end for each before. */
  readonly growth: number;
}

/** One instance, asked three times as much as it can do. */
export const bench: Bench = async (effort) => {
  const ms = effort.quick ? 2_000 : 15_000;
  const all = new Map<string, Figures>();
  for (const kind of KINDS) all.set(kind, await measure(kind, ms));
  return {
    bench: 'overload',
    about:
      'One instance, offered three times what it can do at most; a tenth of it critical, three tenths sheddable. `waits`: eight at a time wait 10 ms for something else. `computes`: each takes the thread for 2 ms. What is answered after a second was answered in vain. Server and callers on a processor each; `starved` is how long the server was ready to run and was not let.',
    tables: [...all].map(([kind, { peak, alone, shed, limit, starved }]) => ({
      title: `an instance that ${kind}`,
      columns: [
        'served/s',
        '% of its peak',
        'critical %',
        'default %',
        'sheddable %',
        'refused p50 ms',
        'p99 ms',
        'limit',
        'starved %',
      ],
      rows: [
        row('at its peak', peak),
        row('3 x, refusing nothing', peak, alone),
        row('3 x, shed: gradient', peak, shed, limit, starved),
      ],
    })),
    targets: [...all].flatMap(([kind, figures]) => targets(kind, figures)),
  };
};

const share = ({ came }: Offered, priority: keyof Offered['came']): number =>
  (100 * came[priority].served) / came[priority].asked;

function row(
  name: string,
  peak: number,
  offered?: Offered,
  limit = Number.NaN,
  starved = Number.NaN,
): [string, ...number[]] {
  if (offered === undefined) return [name, peak, 100, ...Array.from({ length: 7 }, () => Number.NaN)];
  const shares = [share(offered, 'critical'), share(offered, 'default'), share(offered, 'sheddable')];
  const goodput = (100 * offered.servedPerSecond) / peak;
  return [
    name,
    offered.servedPerSecond,
    goodput,
    ...shares,
    offered.refusedP50Ms,
    offered.refusedP99Ms,
    limit,
    100 * starved,
  ];
}

const targets = (kind: string, { peak, shed, growth }: Figures): Target[] => [
  {
    what: `${kind}: goodput of its peak`,
    figure: (100 * shed.servedPerSecond) / peak,
    limit: 90,
    atLeast: true,
    unit: ' %',
  },
  { what: `${kind}: refused, p99`, figure: shed.refusedP99Ms, limit: 10, unit: ' ms' },
  { what: `${kind}: critical that was served`, figure: share(shed, 'critical'), limit: 99, atLeast: true, unit: ' %' },
  { what: `${kind}: heap at the end, of that before`, figure: growth, limit: 1.1, unit: ' x' },
];

async function measure(kind: string, ms: number): Promise<Figures> {
  const peak = await within(kind, {}, (url) => atPeak(url, ms / 5));
  const alone = await within(kind, {}, (url) => offered(url, (pool) => offer(pool, 3 * peak, ms / 3)));
  return within(kind, SHED, (url, ask) =>
    offered(url, async (pool) => {
      await offer(pool, 3 * peak, ms / 2); // it learns, and connections are made
      const before = await ask();
      const shed = await offer(pool, 3 * peak, ms);
      const after = await ask();
      const starved = (after.waitedMs - before.waitedMs) / ms;
      return { peak, alone, shed, limit: after.limit, starved, growth: after.heap / before.heap };
    }),
  );
}

/** Offers something over connections that are kept. */
async function offered<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = new Pool(url, { connections: 512, pipelining: 1 });
  try {
    return await work(pool);
  } finally {
    await pool.destroy();
  }
}

/** Requests that it answers in a second when sixteen are under way. */
async function atPeak(url: string, ms: number): Promise<number> {
  const pool = new Pool(url, { connections: 16, pipelining: 1 });
  const get = async (): Promise<void> => void (await (await pool.request({ path: '/', method: 'GET' })).body.dump());
  await lanes(get, 16, ms / 4);
  const { perSecond } = await lanes(get, 16, ms);
  await pool.destroy();
  return perSecond!;
}

interface State {
  readonly heap: number;
  readonly limit: number;
  readonly waitedMs: number;
}

/** Does something with an instance of its own. */
async function within<T>(
  kind: string,
  shed: object,
  work: (url: string, ask: () => Promise<State>) => Promise<T>,
): Promise<T> {
  const server = start(SERVER, [kind, JSON.stringify(shed)], SERVER_CPU, ['--expose-gc']);
  try {
    const { url } = (await told(server)) as { url: string };
    return await work(url, async () => {
      const answer = told(server);
      server.send({});
      return (await answer) as State;
    });
  } finally {
    server.disconnect();
  }
}

const told = async (server: ChildProcess): Promise<unknown> => (await once(server, 'message'))[0];
