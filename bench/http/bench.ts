import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Bench, roundsOf } from '../kit/bench.ts';
import { hold, holdAll, type Results } from '../kit/contest.ts';
import { ROOM } from '../kit/measure.ts';
import { SERVER_CPU, start } from '../kit/pinned.ts';
import type { Table, Target } from '../kit/report.ts';
import { type Sidecar, startNginx } from './nginx.ts';

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));
const FLOOR = 'undici.request';
const SIDECAR = 'undici.request through nginx';
const STACK = 'axios + axios-retry + opossum';
const NAMES = [
  FLOOR,
  'undici.request, twin',
  'undici Pool.dispatch',
  'mesh.request',
  'mesh.call + undici.request',
  'global fetch',
  'mesh.fetch',
  'axios',
  'meshAxios',
  STACK,
  SIDECAR,
];
const CONCURRENCIES = [1, 16, 64];

/** What a request costs through the mesh, and through everything that it might take the place of. */
export const bench: Bench = async (effort) => {
  const server = start(SERVER, [], SERVER_CPU);
  const [port] = await once(server, 'message');
  process.env.TARGET = `http://127.0.0.1:${port}`;
  const sidecar = await startNginx(process.env.TARGET, SERVER_CPU);
  process.env.SIDECAR = sidecar.url;
  try {
    const contest = { bench: 'http', names: NAMES, rounds: roundsOf(effort, 15) };
    const ms = effort.quick ? 100 : 300;
    const tasks = CONCURRENCIES.map((concurrency) => ({ concurrency, ms }));
    const [alone, some, many] = (await holdAll({ ...contest, tasks, warmups: effort.quick ? 1 : 4 })) as [
      Results,
      Results,
      Results,
    ];
    const heap = await hold({ ...contest, task: { operations: 2_000 }, rounds: 3, flags: ROOM });
    return {
      bench: 'http',
      about:
        'GET of 200 bytes of JSON over loopback, kept connections, the answer parsed. Client and server on a processor each, nginx on the server’s. Processor time of the client; lower quartiles over the rounds, ratios round by round.',
      tables: [
        table('1 at a time', alone, heap),
        table('16 at a time', some, heap),
        table('64 at a time', many, heap),
        { title: 'beside the client', columns: ['cpu µs a request'], rows: [['nginx', await costOf(sidecar, ms)]] },
      ],
      targets: targets(alone, some),
    };
  } finally {
    await sidecar.close();
    server.disconnect();
  }
};

/** Microseconds of processor time that the proxy itself takes for a request, 16 at a time. */
async function costOf(sidecar: Sidecar, ms: number): Promise<number> {
  const before = sidecar.cpuNs();
  const results = await hold({ bench: 'http', names: [SIDECAR], task: { concurrency: 16, ms }, rounds: 5, warmups: 0 });
  return (sidecar.cpuNs() - before) / results.sum(SIDECAR, 'operations') / 1_000;
}

const table = (title: string, results: Results, heap: Results): Table => ({
  title,
  columns: ['cpu µs', 'x undici.request', 'requests/s', 'p50 µs', 'p99 µs', 'kB', 'waited %'],
  rows: results.names.map((name) => [
    name,
    ...results.request(name, FLOOR),
    heap.median(name, 'bytes') / 1_000,
    results.median(name, 'waiting') * 100,
  ]),
});

function targets(alone: Results, some: Results): Target[] {
  const beside = (name: string, floor: string) => some.ratio(name, floor, 'cpuNs');
  const slower = (name: string) => alone.calm(name, 'p50Us') - alone.calm(FLOOR, 'p50Us');
  return [
    { what: 'mesh.request beside undici.request', figure: beside('mesh.request', FLOOR), limit: 1.1, unit: ' x' },
    {
      what: 'mesh.request beside undici.request, aimed at',
      figure: beside('mesh.request', FLOOR),
      limit: 0.9,
      unit: ' x',
    },
    { what: 'mesh.fetch beside global fetch', figure: beside('mesh.fetch', 'global fetch'), limit: 0.8, unit: ' x' },
    { what: 'meshAxios beside axios', figure: beside('meshAxios', 'axios'), limit: 0.35, unit: ' x' },
    {
      what: `requests/s of mesh.request beside ${STACK}`,
      figure: some.ratio('mesh.request', STACK, 'perSecond'),
      limit: 7,
      atLeast: true,
      unit: ' x',
    },
    {
      what: `p50 of mesh.request, 1 at a time, over undici.request (through nginx: ${slower(SIDECAR).toFixed(0)} µs)`,
      figure: slower('mesh.request'),
      limit: 10,
      unit: ' µs',
    },
  ];
}
