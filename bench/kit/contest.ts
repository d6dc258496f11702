import type { Figures, Task } from './competitor.ts';
import { Runner } from './pinned.ts';
import { calm, mean, median, ratio, series } from './stats.ts';

/** What a contest is about. */
export interface Contest {
  readonly bench: string;
  readonly names: readonly string[];
  /** What each does in each round; a competitor may have a task of its own. */
  readonly task: Task | ((name: string) => Task);
  readonly rounds: number;
  /** Rounds before the first that counts. */
  readonly warmups?: number;
  /** Flags for the processes. */
  readonly flags?: readonly string[];
}

/** What every competitor did in every round. */
export class Results {
  readonly #rounds: ReadonlyMap<string, readonly Figures[]>;

  constructor(rounds: ReadonlyMap<string, readonly Figures[]>) {
    this.#rounds = rounds;
  }

  get names(): readonly string[] {
    return [...this.#rounds.keys()];
  }

  /** The lower quartile of a figure over all rounds. */
  calm(name: string, figure: string): number {
    return calm(series(this.#of(name), figure));
  }

  median(name: string, figure: string): number {
    return median(series(this.#of(name), figure));
  }

  /** All rounds together. */
  sum(name: string, figure: string): number {
    return series(this.#of(name), figure).reduce((sum, value) => sum + value, 0);
  }

  /** What a request costs: µs of a processor, the same beside `floor`, how many in a second, and µs of p50 and p99. */
  request(name: string, floor: string): number[] {
    return [
      this.calm(name, 'cpuNs') / 1_000,
      this.ratio(name, floor, 'cpuNs'),
      this.median(name, 'perSecond'),
      this.calm(name, 'p50Us'),
      this.calm(name, 'p99Us'),
    ];
  }

  /** The median of the ratios to another competitor in the same round. */
  ratio(name: string, floor: string, figure: string): number {
    return ratio(this.#of(name), this.#of(floor), figure);
  }

  #of(name: string): readonly Figures[] {
    const rounds = this.#rounds.get(name);
    if (rounds === undefined)
      throw new RangeError(`no competitor is named '${name}'; there are ${this.names.join(', ')}`);
    return rounds;
  }
}

/** Lets competitors work in turns, a process each, so that whatever disturbs the machine disturbs them all alike. */
export async function hold(contest: Contest): Promise<Results> {
  const [results] = await holdAll({ ...contest, tasks: [contest.task] });
  return results!;
}

/** The same for several tasks, in the same processes. Each task gets results of its own. */
export async function holdAll(
  contest: Omit<Contest, 'task'> & { readonly tasks: readonly Contest['task'][] },
): Promise<Results[]> {
  const { bench, names, tasks, rounds, warmups = 2, flags = [] } = contest;
  const runners = await Promise.all(names.map((name) => Runner.start(bench, name, flags)));
  const all = tasks.map(() => new Map(names.map((name) => [name, [] as Figures[]])));
  try {
    for (let round = -warmups; round < rounds; round++) {
      for (const [at, task] of tasks.entries()) {
        for (const runner of turned(runners, round)) {
          const figures = await runner.round(typeof task === 'function' ? task(runner.name) : task);
          if (round >= 0) all[at]!.get(runner.name)!.push(figures);
        }
      }
    }
  } finally {
    await Promise.all(runners.map((runner) => runner.close()));
  }
  return all.map((rounds) => new Results(rounds));
}

/** What came of several contests of the same, each with processes of its own. */
export class Repeated {
  readonly #each: readonly Results[];

  constructor(each: readonly Results[]) {
    this.#each = each;
  }

  get names(): readonly string[] {
    return this.#each[0]!.names;
  }

  /** The mean of what is calm in each. */
  calm(name: string, figure: string): number {
    return mean(this.#each.map((one) => one.calm(name, figure)));
  }

  ratio(name: string, floor: string, figure: string): number {
    return mean(this.#each.map((one) => one.ratio(name, floor, figure)));
  }

  /** How far one stands above another, and how much of that is chance: the standard error of the mean. */
  above(name: string, floor: string, figure: string): { readonly mean: number; readonly error: number } {
    const each = this.#each.map((one) => one.calm(name, figure) - one.calm(floor, figure));
    const middle = mean(each);
    const variance = each.reduce((sum, one) => sum + (one - middle) ** 2, 0) / Math.max(1, each.length - 1);
    return { mean: middle, error: Math.sqrt(variance / each.length) };
  }
}

/**
 * The same contest several times, each with processes of its own: how V8 compiles and lays out a process is chance, and
 * makes calls of the very same differ by up to 80 ns, which no number of rounds in one process evens out.
 */
export async function holdAgain(contest: Contest, times: number): Promise<Repeated> {
  const each: Results[] = [];
  for (let time = 0; time < times; time++) each.push(await hold(contest));
  return new Repeated(each);
}

/** The same things in the other direction every other time, so that nobody always comes after the same one. */
const turned = <T>(list: readonly T[], round: number): readonly T[] => (round % 2 === 0 ? list : list.toReversed());
