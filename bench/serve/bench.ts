import { type Bench, roundsOf } from '../kit/bench.ts';
import { hold, type Results } from '../kit/contest.ts';
import type { Target } from '../kit/report.ts';
import { competitors } from './competitors.ts';

const FLOOR = 'node:http';
const FLOOR_WITH_TOKEN = 'node:http, called with a token';

/** What a request that comes in costs through the mesh, over the bare handler. */
export const bench: Bench = async (effort) => {
  const results = await hold({
    bench: 'serve',
    names: Object.keys(competitors),
    task: { concurrency: 16, ms: effort.quick ? 100 : 400 },
    rounds: roundsOf(effort, 15),
    warmups: effort.quick ? 1 : 4,
  });
  return {
    bench: 'serve',
    about:
      'GET of 200 bytes of JSON over loopback, 16 at a time, kept connections, with a traceparent and a deadline. Server and caller on a processor each; the caller never sleeps, as to wake it would cost the server. Processor time of the server; lower quartiles over the rounds, ratios round by round.',
    tables: [
      {
        title: '16 at a time',
        columns: ['cpu µs', 'x node:http', 'requests/s', 'p50 µs', 'p99 µs', 'waited %'],
        rows: results.names.map((name) => [
          name,
          ...results.request(name, FLOOR),
          results.median(name, 'waiting') * 100,
        ]),
      },
    ],
    targets: targets(results),
  };
};

function targets(results: Results): Target[] {
  const over = (name: string, floor: string) => (results.calm(name, 'cpuNs') - results.calm(floor, 'cpuNs')) / 1_000;
  const loss = (name: string) => (1 - results.ratio(name, FLOOR, 'perSecond')) * 100;
  return [
    { what: 'mesh.handler over a bare handler, defaults', figure: over('mesh.handler', FLOOR), limit: 5, unit: ' µs' },
    {
      what: 'mesh.middleware over Express alone, defaults',
      figure: over('express 5 + mesh.middleware', 'express 5'),
      limit: 5,
      unit: ' µs',
    },
    {
      what: 'mesh.handler over a bare handler, JWT (cached) + authorize + quota',
      figure: over('mesh.handler, JWT + authorize + quota', FLOOR_WITH_TOKEN),
      limit: 15,
      unit: ' µs',
    },
    { what: 'requests/s lost to node:http, defaults', figure: loss('mesh.handler'), limit: 10, unit: ' %' },
  ];
}
