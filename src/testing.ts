// `inmesh/testing`: time, chance, registries and whole clusters that exist only in a test.
export type { Clock, Timer } from './core/clock.ts';
export type { Env } from './core/env.ts';
export { type Random, seeded } from './core/random.ts';
export { aContext, type ContextOptions } from './testing/context.ts';
export { type TestEnv, testEnv } from './testing/env.ts';
export { FakeRegistry } from './testing/fake-registry.ts';
export { fixed } from './testing/random.ts';
export { type Answer, type Asked, answer, refused, reset, type Script, type Step, script } from './testing/script.ts';
export { type ServerFigures, type Simulation, simulate } from './testing/simulate.ts';
export type { SimulatedFleet } from './testing/simulated-fleet.ts';
export type { ServerModel, ServerOptions } from './testing/simulated-model.ts';
export type { SimulatedServer } from './testing/simulated-server.ts';
export type { SimulatedCall, SimulatedStretch } from './testing/simulated-tally.ts';
export type { SimulatedWorld } from './testing/simulated-world.ts';
export type { SimulatedChange, SimulationOptions } from './testing/simulation-options.ts';
export { settled, VirtualClock } from './testing/virtual-clock.ts';
