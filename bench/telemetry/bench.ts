import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Bench, roundsOf } from '../kit/bench.ts';
import { hold, holdAgain, type Repeated, type Results } from '../kit/contest.ts';
import { SERVER_CPU, start } from '../kit/pinned.ts';
import type { Table } from '../kit/report.ts';

const SERVER = fileURLToPath(new URL('../http/server.ts', import.meta.url));
const CALL_OFF = 'call, nobody can watch';
const CALL_PLAIN = 'call, as it comes, no SDK';
const CALLS = [
  CALL_OFF,
  'call, nobody can watch, twin',
  CALL_PLAIN,
  'call, spans asked for, no SDK',
  'call, SDK with batches',
];
const HTTP_OFF = 'http, off';
const HTTP_ONE = 'http, one span by its instrumentation';
const HTTP_SDK = 'http, SDK with batches';
const CALL_TWIN = CALLS[1]!;
const AGAIN = 8; // processes of each; see `holdAgain`
const REQUESTS = [HTTP_OFF, 'http, as it comes, no SDK', HTTP_ONE, HTTP_SDK];

/** What it costs that somebody could watch, and that somebody does. */
export const bench: Bench = async (effort) => {
  const server = start(SERVER, [], SERVER_CPU);
  const [port] = await once(server, 'message');
  process.env.TARGET = `http://127.0.0.1:${port}`;
  try {
    const contest = { bench: 'telemetry', rounds: roundsOf(effort, 30), warmups: effort.quick ? 2 : 10 };
    const calling = {
      ...contest,
      rounds: roundsOf(effort, 10),
      warmups: effort.quick ? 2 : 5,
      names: CALLS,
      task: { ms: effort.quick ? 20 : 60 },
    };
    const calls = await holdAgain(calling, effort.quick ? 1 : AGAIN);
    const requests = await hold({ ...contest, names: REQUESTS, task: { ms: effort.quick ? 100 : 300 } });
    const [over, chance] = [CALL_PLAIN, CALL_TWIN].map((name) => calls.above(name, CALL_OFF, 'cpuNs'));
    const byChance = `Of the first target ${over!.error.toFixed(0)} ns are the standard error; twins differ by ${chance!.mean.toFixed(0)} ± ${chance!.error.toFixed(0)}.`;
    return {
      bench: 'telemetry',
      about: `Calls of an async function that returns at once, and requests 16 at a time. Processor time; lower quartiles over the rounds. Spans are recorded, batched and thrown away; the mesh makes two for a request. Calls are means of several processes each. ${byChance}`,
      tables: [table('calls', calls, CALL_OFF), table('requests', requests, HTTP_OFF)],
      targets: [
        {
          what: 'telemetry as it comes, no SDK, over a mesh that nobody can watch',
          figure: over!.mean,
          limit: 60,
          unit: ' ns',
        },
        {
          what: 'a request with spans, beside the same with one span by OpenTelemetry’s own instrumentation',
          figure: requests.ratio(HTTP_SDK, HTTP_ONE, 'cpuNs'),
          limit: 1.1,
          unit: ' x',
        },
      ],
    };
  } finally {
    server.disconnect();
  }
};

const table = (title: string, results: Results | Repeated, floor: string): Table => ({
  title,
  columns: ['ns', 'ns over off', 'x off'],
  rows: results.names.map((name) => [
    name,
    results.calm(name, 'cpuNs'),
    results.calm(name, 'cpuNs') - results.calm(floor, 'cpuNs'),
    results.ratio(name, floor, 'cpuNs'),
  ]),
});
