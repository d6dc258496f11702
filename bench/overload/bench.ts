import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PRIORITIES, type Priority } from '../../src/core/priority.ts';
import { type Bench, roundsOf } from '../kit/bench.ts';
import { CLIENT_CPU, SERVER_CPU, start } from '../kit/pinned.ts';
import type { Target } from '../kit/report.ts';
import { median } from '../kit/stats.ts';
import type { Offer } from './caller.ts';
import type { Offered } from './offer.ts';

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));
const CALLER = fileURLToPath(new URL('./caller.ts', import.meta.url));
const KINDS = ['waits', 'computes'];
const SHED = { mode: 'enforce', algorithm: 'gradient', lag: '5ms' } as const;

/** What one kind of instance did. */
interface Figures {
  readonly peak: number;
  readonly alone: Offered;
  readonly rounds: readonly Round[];
  readonly limit: number;
  /** The share of the time in which the instance was ready to run and was not let: above a few per cent, no figure means much. */
  readonly starved: number;
  /** Bytes on the heap at the end for each before. */
  readonly growth: number;
}

/** What it can do at most, and what it did a moment later of three times that. */
interface Round {
  readonly peak: number;
  readonly shed: Offered;
}

/** One instance, asked three times as much as it can do. */
export const bench: Bench = async (effort) => {
  const [ms, rounds] = [effort.quick ? 1_000 : 4_000, roundsOf(effort, 5)];
  const all = new Map<string, Figures>();
  for (const kind of KINDS) all.set(kind, await measure(kind, ms, rounds));
  return {
    bench: 'overload',
    about:
      'One instance, offered three times what it can do at most; a tenth of it critical, three tenths sheddable. `waits`: eight at a time wait 10 ms for something else. `computes`: each takes the thread for 2 ms. What is answered after a second was answered in vain. Its peak is measured anew before each round; medians of the rounds. Server and callers on a processor each; `starved` is how long the server was ready to run and was not let, `caller late` by how much the loop of those who call was late, which is in what they see.',
    tables: [...all].map(([kind, { peak, alone, rounds, limit, starved }]) => ({
      title: `an instance that ${kind}`,
      columns: [
        'served/s',
        '% of its peak',
        'critical %',
        'default %',
        'sheddable %',
        'refused p50 ms',
        'p99 ms',
        'caller late p99 ms',
        'limit',
        'starved %',
      ],
      rows: [
        ['at its peak', peak, 100, ...Array.from({ length: 8 }, () => Number.NaN)],
        ['3 x, refusing nothing', ...row([{ peak, shed: alone }]), Number.NaN, Number.NaN],
        ['3 x, shed: gradient', ...row(rounds), limit, 100 * starved],
      ],
    })),
    targets: [...all].flatMap(([kind, figures]) => targets(kind, figures)),
  };
};

const middle = (rounds: readonly Round[], figure: (round: Round) => number): number => median(rounds.map(figure));

const goodput = (rounds: readonly Round[]): number =>
  middle(rounds, ({ peak, shed }) => (100 * shed.servedPerSecond) / peak);

const share = (rounds: readonly Round[], priority: Priority): number =>
  middle(rounds, ({ shed: { came } }) => (100 * came[priority].served) / came[priority].asked);

const row = (rounds: readonly Round[]): number[] => [
  middle(rounds, ({ shed }) => shed.servedPerSecond),
  goodput(rounds),
  ...PRIORITIES.map((priority) => share(rounds, priority)),
  middle(rounds, ({ shed }) => shed.refusedP50Ms),
  middle(rounds, ({ shed }) => shed.refusedP99Ms),
  middle(rounds, ({ shed }) => shed.callerLateMs),
];

const targets = (kind: string, { rounds, growth }: Figures): Target[] => [
  { what: `${kind}: goodput of its peak`, figure: goodput(rounds), limit: 90, atLeast: true, unit: ' %' },
  {
    what: `${kind}: refused, p99`,
    figure: middle(rounds, ({ shed }) => shed.refusedP99Ms),
    limit: 10,
    unit: ' ms',
  },
  {
    what: `${kind}: critical that was served`,
    figure: share(rounds, 'critical'),
    limit: 99,
    atLeast: true,
    unit: ' %',
  },
  { what: `${kind}: heap at the end, of that before`, figure: growth, limit: 1.1, unit: ' x' },
];

async function measure(kind: string, ms: number, count: number): Promise<Figures> {
  await using bare = await Instance.start(kind, {});
  const first = await bare.peak(ms);
  const alone = await bare.offer(3 * first, ms);
  await using fresh = await Instance.start(kind, {}); // what was too much for the other may not be over
  await using shedding = await Instance.start(kind, SHED);
  await shedding.offer(3 * first, 2 * ms); // it learns, and connections are made
  const before = await shedding.state();
  const rounds: Round[] = [];
  for (let round = 0; round < count; round++) {
    const peak = await fresh.peak(ms / 2);
    rounds.push({ peak, shed: await shedding.offer(3 * peak, ms) });
  }
  const { limit, heap, waitedMs } = await shedding.state();
  const starved = (waitedMs - before.waitedMs) / (count * ms);
  return { peak: middle(rounds, ({ peak }) => peak), alone, rounds, limit, starved, growth: heap / before.heap };
}

interface State {
  readonly heap: number;
  readonly limit: number;
  readonly waitedMs: number;
}

/** One instance and those who call it. */
class Instance implements AsyncDisposable {
  readonly #server: ChildProcess;
  readonly #caller: ChildProcess;

  private constructor(server: ChildProcess, caller: ChildProcess) {
    this.#server = server;
    this.#caller = caller;
  }

  static async start(kind: string, shed: object): Promise<Instance> {
    const server = start(SERVER, [kind, JSON.stringify(shed)], SERVER_CPU, ['--expose-gc']);
    const { url } = (await told(server)) as { url: string };
    const caller = start(CALLER, [url], CLIENT_CPU);
    await told(caller);
    return new Instance(server, caller);
  }

  /** Requests that it answers in a second at most. */
  async peak(ms: number): Promise<number> {
    return (await asked(this.#caller, { ms } satisfies Offer)) as number;
  }

  /** What comes of so many requests a second. */
  async offer(perSecond: number, ms: number): Promise<Offered> {
    return (await asked(this.#caller, { ms, perSecond } satisfies Offer)) as Offered;
  }

  async state(): Promise<State> {
    return (await asked(this.#server, {})) as State;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [this.#server, this.#caller].map((child) => once(child, 'exit'));
    this.#server.disconnect();
    this.#caller.disconnect();
    await Promise.all(ended);
  }
}

function asked(child: ChildProcess, what: object): Promise<unknown> {
  const answer = told(child);
  child.send(what);
  return answer;
}

const told = async (child: ChildProcess): Promise<unknown> => (await once(child, 'message'))[0];
