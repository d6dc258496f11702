import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/build.ts';
import { type Bench, roundsOf } from '../kit/bench.ts';
import type { Figures } from '../kit/competitor.ts';
import { CLIENT_CPU, start } from '../kit/pinned.ts';
import { calm, median, series } from '../kit/stats.ts';

const PROBE = fileURLToPath(new URL('./probe.ts', import.meta.url));
const OURS = new URL('../../dist/index.js', import.meta.url).href;
const CREATE = 'and createMesh';

const CASES: Readonly<Record<string, readonly string[]>> = {
  'bare Node': [],
  'bare Node, twin': [],
  "import 'inmesh'": [OURS],
  [CREATE]: [OURS, 'create'],
  'and a first request': [OURS, 'request'],
  'and createMesh, compile cache': [OURS, 'create', 'cached'],
  "import 'undici'": ['undici'],
  "import 'axios'": ['axios'],
  "import 'opossum'": ['opossum'],
  "import 'cockatiel'": ['cockatiel'],
};

/** What a process pays for having the mesh, before the first call and with it. A new process each time. */
export const bench: Bench = async (effort) => {
  const { code, output } = await build();
  if (code !== 0) throw new Error(`the build failed:\n${output}`);
  const server = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env.TARGET = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.COMPILE_CACHE = await mkdtemp(join(tmpdir(), 'inmesh-bench-import-')); // filled by the first round
  const rounds = new Map(Object.keys(CASES).map((name) => [name, [] as Figures[]]));
  for (let round = 0; round < roundsOf(effort, 15); round++) {
    for (const [name, args] of Object.entries(CASES)) rounds.get(name)!.push(await probe(args));
  }
  server.close();
  await rm(process.env.COMPILE_CACHE, { recursive: true, force: true });
  const figure = (name: string, of: string): number => calm(series(rounds.get(name)!, of));
  const over = (name: string, of: string): number => figure(name, of) - figure('bare Node', of);
  return {
    bench: 'import',
    about: 'Importing the built package in a new process, with the disk warm; lower quartiles over the processes.',
    tables: [
      {
        title: 'case',
        columns: ['ms over bare', 'cpu ms', 'RSS MiB', 'heap MiB', 'files of undici'],
        rows: Object.keys(CASES).map((name) => [
          name,
          over(name, 'ms'),
          over(name, 'cpuMs'),
          over(name, 'rssMiB'),
          over(name, 'heapMiB'),
          median(series(rounds.get(name)!, 'undici')),
        ]),
      },
    ],
    targets: [
      { what: "import 'inmesh'", figure: over("import 'inmesh'", 'ms'), limit: 15, unit: ' ms' },
      { what: "import 'inmesh'", figure: over("import 'inmesh'", 'rssMiB'), limit: 5, unit: ' MiB' },
      { what: `${CREATE}, processor time`, figure: over(CREATE, 'cpuMs'), limit: 40, unit: ' ms' },
      { what: CREATE, figure: over(CREATE, 'rssMiB'), limit: 12, unit: ' MiB' },
      {
        what: 'files of undici loaded before the first request',
        figure: median(series(rounds.get("import 'inmesh'")!, 'undici')),
        limit: 0,
        unit: '',
      },
    ],
  };
};

/** One new process. */
async function probe(args: readonly string[]): Promise<Figures> {
  const child = start(PROBE, args, CLIENT_CPU);
  const [message] = await once(child, 'message');
  child.disconnect();
  await once(child, 'exit');
  return message as Figures;
}
