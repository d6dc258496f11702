import type { CallOptions } from '../core/call.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Probe } from '../core/probe.ts';
import { seeded } from '../core/random.ts';
import type { PolicySections } from '../policy/table.ts';
import { type TestEnv, testEnv } from './env.ts';
import { SimulatedFleet } from './simulated-fleet.ts';
import { SimulatedHops } from './simulated-hops.ts';
import type { SimulatedServer } from './simulated-server.ts';
import { type SimulatedCall, Tally } from './simulated-tally.ts';
import { type ServerOptions, SimulatedWorld } from './simulated-world.ts';

/** What to simulate. */
export interface SimulationOptions {
  readonly servers: readonly ServerOptions[];
  /** How many calls a second come, at random moments (a Poisson process). 1,000 unless told. */
  readonly perSecond?: number;
  /** For how many seconds calls come; those under way may end after. 10 unless told. */
  readonly seconds?: number;
  readonly policy?: PolicySections;
  /** The zone that the caller is in; none unless told. */
  readonly zone?: string;
  /** The same seed goes the same way. 1 unless told. */
  readonly seed?: number;
  /** Whether the calls may be sent twice. True unless told. */
  readonly idempotent?: boolean;
  /** What happens in between, and at which millisecond. */
  readonly at?: readonly (readonly [ms: number, change: (world: SimulatedWorld, fleet: SimulatedFleet) => void])[];
  /** How many processes call, in turn, each listed as an instance of `checkout`. One that is not listed unless told. */
  readonly clients?: number;
  /** Services from who calls to the servers, these counted: 3 is two that pass calls on, and the servers. 1 unless told. */
  readonly hops?: number;
  /** The options of each call, by a number drawn for it from 0 to 1: `(chance) => ({ priority: chance < 0.1 ? … })`. */
  readonly options?: (chance: number) => CallOptions;
  /** `round-robin` calls each server in turn, as a service of its own: something to compare with. `mesh` unless told. */
  readonly balance?: 'mesh' | 'round-robin';
  /** What happens before this millisecond is not counted. 0 unless told. */
  readonly warmUpMs?: number;
}

/** What came of one server. */
export interface ServerFigures {
  /** Attempts sent to it. */
  readonly asked: number;
  /** Its share of all attempts. */
  readonly share: number;
  /** Answers of 200. */
  readonly served: number;
  /** The most requests it held at once. */
  readonly peak: number;
}

/** What came of a simulation. */
export interface Simulation {
  readonly calls: number;
  /** The share of the calls whose answer was a 200. */
  readonly success: number;
  /** Attempts made for them. */
  readonly attempts: number;
  /** The most attempts that one call made. */
  readonly mostAttempts: number;
  /** How many calls ended in what: `200`, `503`, `ECONNREFUSED`, `deadline`. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** In the order in which they came. */
  readonly servers: readonly ServerFigures[];
  /** Milliseconds that a share of the calls (0.99) took at most. */
  quantile(share: number): number;
  /** Every call, in the order in which they ended. */
  readonly ended: readonly SimulatedCall[];
  readonly events: readonly MeshEvent[];
  /** What was left behind: timers that keep the process alive, and calls that never ended. Both should be 0. */
  readonly left: { readonly timers: number; readonly calls: number };
}

const DRAIN_MS = 60_000; // longer than any deadline a simulation is likely to have

/** Runs a whole mesh in virtual time: its own filters and balancer, against servers that are only modelled. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { perSecond = 1_000, seconds = 10, seed = 1, at = [], warmUpMs = 0, policy = {}, zone = '' } = options;
  const probe: Probe = (target) => world.probe(target);
  const env = { ...testEnv({ random: seeded(seed, 1) }), place: { zone }, probe };
  const { clock } = env;
  const world = new SimulatedWorld(clock, seeded(seed, 2), options.servers);
  const hops = new SimulatedHops(env, world, policy, (options.hops ?? 1) - 1);
  const registry = { ...world.registry, resolve: (name: string) => hops.resolve(name) };
  const fleet = new SimulatedFleet(env, registry, policy);
  if (options.clients === undefined) fleet.add();
  else fleet.join(options.clients);
  let tally = new Tally();
  for (const [ms, change] of at) clock.schedule(ms, () => change(world, fleet));
  if (warmUpMs > 0) {
    clock.schedule(warmUpMs, () => {
      tally = new Tally();
      world.forget();
    });
  }
  const call = caller(fleet, hops, world, options);
  const arrivals = seeded(seed, 3);
  const awaitNext = () => clock.schedule((-Math.log(1 - arrivals.next()) / perSecond) * 1_000, arrive);
  const arrive = () => {
    if (clock.now() >= seconds * 1_000) return;
    call(tally, () => clock.now());
    awaitNext();
  };
  awaitNext();
  await clock.run(seconds * 1_000 + DRAIN_MS);
  const closing = [fleet.close(), hops.close()];
  await clock.run(DRAIN_MS);
  await Promise.all(closing);
  return figures(env, world, tally);
}

/** Makes a call, each time: to the service, or to its servers in turn. */
function caller(fleet: SimulatedFleet, hops: SimulatedHops, world: SimulatedWorld, options: SimulationOptions) {
  const { balance, idempotent = true, seed = 1, options: of = () => ({}) } = options;
  const chance = seeded(seed, 4);
  let turn = 0;
  return (tally: Tally, now: () => number): void => {
    const own: CallOptions = { idempotent, ...of(chance.next()) };
    const mesh = fleet.next;
    const call =
      balance === 'round-robin'
        ? mesh.call(`orders-${turn++ % world.servers.length}`, world.send, own)
        : hops.call(mesh, own);
    void tally.count(call, now, own.priority);
  };
}

function figures({ clock, timeouts, told }: TestEnv, world: SimulatedWorld, tally: Tally): Simulation {
  const attempts = world.servers.reduce((sum, { asked }) => sum + asked, 0);
  const ofServer = ({ asked, served, peak }: SimulatedServer): ServerFigures => ({
    asked,
    served,
    peak,
    share: asked / attempts,
  });
  return {
    calls: tally.calls,
    success: tally.succeeded / tally.calls,
    attempts,
    mostAttempts: world.mostAttempts,
    outcomes: tally.outcomes,
    servers: world.servers.map(ofServer),
    quantile: (share) => tally.quantile(share),
    ended: tally.ended,
    events: told,
    left: { timers: clock.pending + timeouts.waiting, calls: tally.open },
  };
}
