import { setTimeout as pause } from 'node:timers/promises';
import { type Random, seeded } from '../../../src/core/random.ts';
import type { Resolution } from '../../../src/core/resolution.ts';
import type { Announcement, Registry, Resolving } from '../../../src/discovery/registry.ts';
import { zookeeperRegistry } from '../../../src/zookeeper/registry.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { heapLeft } from '../../support/heap.ts';
import { anInstance } from '../../support/resolutions.ts';
import { HurtEnsemble, type Serving } from './chaos-ensemble.ts';
import { realEnv } from './helpers.ts';

const REGISTRANTS = 12;
const WATCHERS = 8;
const TIMEOUT_MS = 3_000;
const RENEWING = ['crash and restart', 'wipe all servers'];
const CONVERGE_MS = 60_000; // after which a round has failed; how long it took is what is reported

/** What became of a run. */
export interface ChaosReport {
  readonly seed: number;
  readonly rounds: number;
  readonly faults: number;
  /** From the end of the faults, and all servers serving, to every watcher knowing the truth: milliseconds, least first. */
  readonly converged: readonly number[];
  /** The same of the rounds in which sessions have to end first: somebody crashed, or all data was wiped. */
  readonly renewed: readonly number[];
  /** The slowest round of those that converged, with what was done in it. */
  readonly slowest: string;
  readonly problems: readonly string[];
  readonly heapMb: readonly [before: number, after: number];
  readonly handles: readonly string[];
}

/** Somebody in the ensemble, each behind wires of their own. */
interface Party {
  readonly wires: readonly FaultProxy[];
  readonly registry: Registry;
}

interface Registrant extends Party {
  readonly id: string;
  announcement: Promise<Announcement | undefined>;
  weight: number;
  readonly port: number;
}

interface Watcher extends Party {
  readonly orders: Resolving;
}

/** Hurts an ensemble and all who use it, heals it, and looks whether all are well again; until the time is up. */
export async function chaos(seed: number, forMs: number, say: (line: string) => void): Promise<ChaosReport> {
  const world = new World(seed, say);
  try {
    await world.open();
    const end = performance.now() + forMs;
    while (performance.now() < end) await world.round();
  } finally {
    await world.close();
  }
  return world.report();
}

/** Each does its harm; the cure is one for all. */
const FAULTS: Readonly<Record<string, (world: World) => Promise<void> | void>> = {
  cut: (world) => world.onWires((wire) => wire.cut()),
  reset: (world) => world.onWires((wire) => wire.reset()),
  blackhole: (world) => world.onWires((wire) => wire.set({ holeUp: true, holeDown: true })),
  'one way up': (world) => world.onWires((wire) => wire.set({ holeUp: true })),
  'one way down': (world) => world.onWires((wire) => wire.set({ holeDown: true })),
  'accept and hang': (world) => world.onWires((wire) => wire.set({ hang: true }).cut()),
  delay: (world) => world.onWires((wire) => wire.set({ delayMs: 200 + world.random.below(600) })),
  truncate: (world) => world.onWires((wire) => wire.set({ truncateAfter: 30 + world.random.below(400) }).cut()),
  'kill a server': (world) => world.servers.kill(1),
  'kill all servers': (world) => world.servers.kill(3),
  'wipe all servers': (world) => world.servers.wipe(),
  'freeze a server': (world) => world.servers.freeze(),
  'crash and restart': (world) => world.crash(),
  stall: (world) => world.stall(),
};

class World {
  readonly random: Random;
  readonly servers: HurtEnsemble;
  readonly #seed: number;
  readonly #say: (line: string) => void;
  readonly #problems: string[] = [];
  readonly #converged: number[] = [];
  readonly #renewed: number[] = [];
  readonly #asked = new Set<Promise<unknown>>();
  #registrants: Registrant[] = [];
  #watchers: Watcher[] = [];
  #crashed: Party[] = [];
  #slowest = '';
  #rounds = 0;
  #faults = 0;
  #ports = 10_000;
  #heap: [number, number] = [0, 0];
  #handles: string[] = [];
  readonly #onUncaught = (error: unknown) => this.#problems.push(`uncaught: ${(error as Error)?.stack ?? error}`);

  constructor(seed: number, say: (line: string) => void) {
    this.#seed = seed;
    this.#say = say;
    this.random = seeded(seed);
    this.servers = new HurtEnsemble(this.random);
  }

  async open(): Promise<void> {
    process.on('uncaughtException', this.#onUncaught).on('unhandledRejection', this.#onUncaught);
    await this.servers.open();
    this.#registrants = await Promise.all(Array.from({ length: REGISTRANTS }, (_, at) => this.#registrant(`r${at}`)));
    this.#watchers = await Promise.all(Array.from({ length: WATCHERS }, () => this.#watcher()));
    await using serving = this.servers.watch();
    await this.#truth(serving);
    this.#heap[0] = await heapMb();
  }

  /** Faults, for a while; then none, and everybody must come to know the truth. */
  async round(): Promise<void> {
    const names = Array.from({ length: 1 + this.random.below(3) }, () => this.#oneOf(Object.keys(FAULTS)));
    for (const name of new Set(names)) await FAULTS[name]!(this);
    this.#faults += new Set(names).size;
    const end = performance.now() + 300 + this.random.below(TIMEOUT_MS + 1_000);
    while (performance.now() < end) {
      this.#use();
      await pause(100);
    }
    await this.#heal();
    this.#rounds++;
    await using serving = this.servers.watch();
    await Promise.all(this.#registrants.map((one) => one.announcement));
    const ms = await this.#truth(serving);
    const told = `${this.#rounds}. ${[...new Set(names)].join(', ')}: ${Math.round(ms)} ms`;
    const renewing = names.some((name) => RENEWING.includes(name));
    if (!renewing && ms > Math.max(0, ...this.#converged)) this.#slowest = told;
    (renewing ? this.#renewed : this.#converged).push(ms);
    this.#say(told);
  }

  async close(): Promise<void> {
    this.#heap[1] = await heapMb();
    const parties = [...this.#registrants, ...this.#watchers, ...this.#crashed];
    await Promise.all(parties.map(({ registry }) => registry.close()));
    await Promise.all(parties.flatMap(({ wires }) => wires.map((wire) => wire.close())));
    await this.servers.close();
    const end = performance.now() + 20_000;
    while (this.#asked.size > 0 && performance.now() < end) await pause(50);
    if (this.#asked.size > 0) this.#problems.push(`${this.#asked.size} questions were never answered`);
    do {
      await pause(100); // what was closed a moment ago is still counted
      this.#handles = process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind));
    } while (this.#handles.length > 0 && performance.now() < end);
    process.off('uncaughtException', this.#onUncaught).off('unhandledRejection', this.#onUncaught);
  }

  report(): ChaosReport {
    return {
      ...{ seed: this.#seed, rounds: this.#rounds, faults: this.#faults, problems: this.#problems },
      ...{ slowest: this.#slowest, heapMb: this.#heap, handles: this.#handles },
      converged: this.#converged.sort((a, b) => a - b),
      renewed: this.#renewed.sort((a, b) => a - b),
    };
  }

  onWires(harm: (wire: FaultProxy) => unknown): void {
    const share = this.random.next() < 0.3 ? 1 : this.random.next();
    for (const wire of this.#wires()) if (this.random.next() < share) harm(wire);
  }

  /** Its connections end, nobody says goodbye, and another of the same name is there at once. */
  async crash(): Promise<void> {
    const at = this.random.below(REGISTRANTS);
    const before = this.#registrants[at]!;
    for (const wire of before.wires) {
      wire.set({ refuse: true });
      wire.cut();
    }
    await before.registry.close();
    this.#crashed.push(before);
    this.#registrants[at] = await this.#registrant(before.id);
  }

  stall(): void {
    const until = performance.now() + TIMEOUT_MS + 500;
    while (performance.now() < until);
  }

  async #heal(): Promise<void> {
    for (const wire of this.#wires()) wire.heal();
    await this.servers.heal();
  }

  /** What users do meanwhile: changes and questions, all of which must settle. */
  #use(): void {
    const registrant = this.#oneOf(this.#registrants);
    registrant.weight = 1 + this.random.below(9);
    const { weight } = registrant;
    this.#ask(registrant.announcement.then((announcement) => announcement?.update({ weight })));
    this.#ask(this.#oneOf(this.#watchers).registry.services());
  }

  #ask(asked: Promise<unknown>): void {
    const settled: Promise<unknown> = asked.catch(() => {}).finally(() => this.#asked.delete(settled));
    this.#asked.add(settled);
  }

  /** Waits until all watchers know who is there, where, and with which weight; gives how long that was. */
  async #truth(serving: Serving): Promise<number> {
    const truth = this.#registrants.map(({ id, port, weight }) => `${id}:${port}*${weight}`).sort();
    const right = ({ value }: Resolving) => value.is === 'bound' && String(known(value)) === String(truth);
    const wrong = () => this.#watchers.filter(({ orders }) => !right(orders));
    while (wrong().length > 0) {
      if (performance.now() - serving.since > CONVERGE_MS) {
        const seen = wrong().map(({ orders }) => `${orders.value.is} ${known(orders.value)}`);
        this.#problems.push(`round ${this.#rounds} did not converge: ${truth} is seen as ${seen.join(' and ')}`);
        break;
      }
      await pause(5);
    }
    return Math.max(0, performance.now() - serving.since);
  }

  async #party(): Promise<Party> {
    const wires = await Promise.all(this.servers.all.map((server) => FaultProxy.to(server)));
    const url = `zookeeper://${wires.map(({ address }) => address).join(',')}`;
    const options = { sessionTimeout: `${TIMEOUT_MS}ms`, connectTimeout: '30s', hold: '500ms', spread: '0ms' };
    return { wires, registry: zookeeperRegistry(url, options, realEnv(this.random.bits())) };
  }

  async #registrant(id: string): Promise<Registrant> {
    const party = await this.#party();
    const port = this.#ports++;
    const announcing = party.registry.announce(anInstance(id, { port }));
    const announcement = announcing.catch((error) => {
      this.#problems.push(`${id} could not be listed: ${error.message}`);
      return undefined;
    });
    return { ...party, id, port, weight: 1, announcement };
  }

  async #watcher(): Promise<Watcher> {
    const party = await this.#party();
    const orders = party.registry.resolve('orders');
    let full = false;
    orders.watch((value) => {
      const count = known(value).length;
      if (count === 0 && full) this.#problems.push(`a watcher was told of nobody, in round ${this.#rounds + 1}`);
      full ||= count > 0;
    });
    return { ...party, orders };
  }

  *#wires(): Generator<FaultProxy> {
    for (const { wires } of [...this.#registrants, ...this.#watchers]) yield* wires;
  }

  #oneOf<T>(all: readonly T[]): T {
    return all[this.random.below(all.length)]!;
  }
}

const known = (value: Resolution): readonly string[] =>
  value.is === 'bound' || value.is === 'stale'
    ? value.endpoints.map(({ id, address, weight }) => `${id}:${address.split(':')[1]}*${weight}`).sort()
    : [];

const heapMb = async (): Promise<number> => Math.round((await heapLeft()) / 104_857.6) / 10;
