import type { CallOptions } from '../core/call.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Probe } from '../core/probe.ts';
import { seeded } from '../core/random.ts';
import { Mesh } from '../mesh/mesh.ts';
import { PolicySet } from '../policy/policy.ts';
import { type TestEnv, testEnv } from './env.ts';
import { SimulatedDoor } from './simulated-door.ts';
import { SimulatedFleet } from './simulated-fleet.ts';
import { SimulatedHops } from './simulated-hops.ts';
import type { SimulatedServer } from './simulated-server.ts';
import { type SimulatedCall, type SimulatedStretch, Tally } from './simulated-tally.ts';
import { SimulatedWorld } from './simulated-world.ts';
import { checkRate, checkSimulation, type SimulationOptions } from './simulation-options.ts';

/** What came of one server. */
export interface ServerFigures {
  /** Attempts sent to it. */
  readonly asked: number;
  /** Its share of all attempts, from 0 to 1. */
  readonly share: number;
  /** Answers of 200. */
  readonly served: number;
  /** The most requests it held at once. */
  readonly peak: number;
}

/** What came of a simulation. */
export interface Simulation {
  /** Calls made. */
  readonly calls: number;
  /** The share of the calls whose answer was a 200, from 0 to 1. */
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
  /** What happened when: all of it in stretches of so many milliseconds, 1,000 unless told. */
  timeline(everyMs?: number): readonly SimulatedStretch[];
  /** Every call, in the order in which they ended. */
  readonly ended: readonly SimulatedCall[];
  /** Everything that was told, by whoever called, stood in between or served. */
  readonly events: readonly MeshEvent[];
  /** What was left behind: timers that keep the process alive, and calls that never ended. Both should be 0. */
  readonly left: { readonly timers: number; readonly calls: number };
}

const DRAIN_MS = 60_000; // longer than any deadline a simulation is likely to have

/**
 * Runs a whole mesh in virtual time: its own filters and balancer, against servers that are only modelled. Nothing is
 * sent, and the same options give the same answer.
 * @param options Servers, callers, how long and how much, and what changes meanwhile.
 * @throws MeshError INVALID_ARGUMENT when an option is unknown or out of its range or a policy is no good; whatever a
 * change of `at`, or `options`, throws.
 */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  checkSimulation(options);
  const { perSecond = 1_000, seconds = 10, seed = 1, at = [], warmUpMs = 0, policy = {}, zone = '' } = options;
  const probe: Probe = (target) => world.probe(target);
  const env = { ...testEnv({ random: seeded(seed, 1) }), place: { zone }, probe };
  const { clock } = env;
  const served: Mesh[] = [];
  const world = new SimulatedWorld(clock, seeded(seed, 2), options.servers, doors(env, options, served));
  const policies = new PolicySet({ defaults: policy });
  const hops = new SimulatedHops(env, world, policies, (options.hops ?? 1) - 1, options.marks);
  const registry = { ...world.registry, resolve: (name: string) => hops.resolve(name) };
  const fleet = new SimulatedFleet(env, registry, policies);
  if (options.clients === undefined) fleet.add();
  else fleet.join(options.clients);
  let tally = new Tally();
  const faults: unknown[] = [];
  const careful = (task: () => void) => () => {
    try {
      task();
    } catch (error) {
      faults.push(error); // a timer has nobody to throw at
    }
  };
  for (const [ms, change] of at)
    clock.schedule(
      ms,
      careful(() => change(world, fleet)),
    );
  if (warmUpMs > 0) {
    clock.schedule(warmUpMs, () => {
      tally = new Tally();
      world.forget();
    });
  }
  const call = caller(fleet, hops, world, options);
  const arrivals = seeded(seed, 3);
  const rate = () => (typeof perSecond === 'number' ? perSecond : checkRate(perSecond(clock.now())));
  const awaitNext = () => clock.schedule((-Math.log(1 - arrivals.next()) / rate()) * 1_000, arriveWell);
  const arrive = () => {
    if (clock.now() >= seconds * 1_000) return;
    call(tally, () => clock.now());
    awaitNext();
  };
  const arriveWell = careful(arrive);
  awaitNext();
  await clock.run(seconds * 1_000 + DRAIN_MS);
  const closing = [fleet.close(), hops.close(), ...served.map((mesh) => mesh.close())];
  await clock.run(DRAIN_MS);
  await Promise.all(closing);
  if (faults.length > 0) throw faults[0];
  return figures(env, world, tally);
}

/** Makes the way in to each server, where they have a policy; notes the meshes in `served`. */
function doors(env: TestEnv, { inbound }: SimulationOptions, served: Mesh[]): (() => SimulatedDoor) | undefined {
  if (inbound === undefined) return undefined;
  const policies = new PolicySet({ defaults: inbound });
  return () => {
    const mesh = new Mesh('orders', env, new SimulatedWorld(env.clock, env.random, []).registry, policies, {});
    served.push(mesh);
    return new SimulatedDoor(mesh);
  };
}

/** Makes a call, each time: to the service, or to its servers in turn. */
function caller(fleet: SimulatedFleet, hops: SimulatedHops, world: SimulatedWorld, options: SimulationOptions) {
  const { balance, idempotent = true, seed = 1, options: of = () => ({}) } = options;
  const chance = seeded(seed, 4);
  let turn = 0;
  return (tally: Tally, now: () => number): void => {
    const own: CallOptions = { idempotent, ...of(chance.next()) };
    const place = fleet.next();
    const [mesh, send] = [fleet.clients[place]!, world.sendOf(place)];
    const call =
      balance === 'round-robin'
        ? mesh.call(`orders-${turn++ % world.servers.length}`, send, own)
        : hops.call(mesh, send, own);
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
    timeline: (everyMs = 1_000) => tally.timeline(everyMs, world.asked, world.servers.length),
    ended: tally.ended,
    events: told,
    left: { timers: clock.pending + timeouts.waiting, calls: tally.open },
  };
}
