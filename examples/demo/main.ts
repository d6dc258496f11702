// The demo: `npm run demo`. Three servers, two clients and some trouble; each a process of its own, all on this machine.
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startZooKeeper } from '../../scripts/zookeeper.ts';
import { type Options, readOptions, usage } from './options.ts';
import { phases, play } from './play.ts';
import { Screen } from './screen.ts';
import type { Show } from './show.ts';
import { Stage } from './stage.ts';
import { summary } from './summary.ts';
import { type Line, paint } from './text.ts';
import { Troupe } from './troupe.ts';
import { picture, sentence } from './view.ts';

const FRAME_MS = 100;
const SENTENCE_MS = 2_000;
const TREE_COLUMNS = 100; // where the output is no terminal
const QUICK = 'sessionTimeout=2s'; // who died is off the list before the piece is over

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal])); // what is to be tidied up goes by 'exit'
}

/** A registry that nobody else sees, and that goes when we go. */
function ownRegistry(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inmesh-demo-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return `local://${folder}`;
}

const print = (lines: readonly Line[]): void => {
  for (const line of lines) console.log(paint(line, process.stdout.columns ?? Number.POSITIVE_INFINITY));
};

/** Shows the show while it goes on: as a picture, or as lines. Gives back the way to stop. */
function display(show: Show, { plain, seconds }: Options): () => void {
  if (plain || !process.stdout.isTTY) {
    const lines = setInterval(() => print(show.journal.take(show.at)), FRAME_MS);
    const state = setInterval(() => show.at > 0 && print([sentence(show)]), SENTENCE_MS);
    return () => {
      clearInterval(lines);
      clearInterval(state);
      print(show.journal.take(Number.POSITIVE_INFINITY));
    };
  }
  const screen = new Screen();
  const draw = () => screen.draw(picture(show, { seconds, columns: screen.columns, rows: screen.rows }));
  const drawing = setInterval(draw, FRAME_MS);
  return () => {
    clearInterval(drawing);
    draw();
  };
}

async function main(options: Options): Promise<number> {
  const troupe = new Troupe((problem) => {
    process.stderr.write(`\n${problem}\n`);
    process.exit(1);
  });
  // Made after the troupe: at the exit the processes go first, and their folder after them.
  const zookeeper = options.registry === 'zookeeper' ? await startZooKeeper() : undefined;
  const registry =
    zookeeper === undefined ? (options.registry ?? ownRegistry()) : `zookeeper://${zookeeper.address}?${QUICK}`;
  if (options.trace) {
    const { traced } = await import('./traced.ts'); // OpenTelemetry takes its time to load
    print(await traced(troupe, registry, process.stdout.columns ?? TREE_COLUMNS));
    await zookeeper?.stop();
    return 0;
  }
  const stage = new Stage(troupe, registry);
  const stop = display(stage.show, options);
  await stage.open();
  const { mesh, plain } = await play(stage, options.seconds, zookeeper);
  await zookeeper?.stop();
  stop();
  print(
    summary(
      stage.show,
      phases.map(({ name }) => name),
      mesh,
      plain,
    ),
  );
  return mesh.total.failed === 0 && mesh.total.calls > 0 ? 0 : 1;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else process.exit(await main(options));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
