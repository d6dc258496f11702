import type { CallOptions } from '../core/call.ts';
import type { PolicySections } from '../policy/table.ts';
import {
  atLeast0,
  bad,
  bool,
  type Check,
  check,
  func,
  object,
  oneOf,
  positive,
  refuse,
  text,
  whole,
} from './option-check.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';
import { checkServer, type ServerOptions } from './simulated-model.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Something that happens in a simulation, and at which millisecond. */
export type SimulatedChange = readonly [ms: number, change: (world: SimulatedWorld, fleet: SimulatedFleet) => void];

/** What to simulate. */
export interface SimulationOptions {
  /** One at least; `{}` is a usual one. */
  readonly servers: readonly ServerOptions[];
  /** How many calls a second come, at random moments (a Poisson process); also by the millisecond. 1,000 unless told. */
  readonly perSecond?: number | ((ms: number) => number);
  /** For how many seconds calls come; those under way may end after. 10 unless told. */
  readonly seconds?: number;
  /** The policy of those who call, and of services in between. The defaults unless told. */
  readonly policy?: PolicySections;
  /** The policy of the servers, each a mesh that serves: `shed`, `quota`. They take whatever comes unless told. */
  readonly inbound?: PolicySections;
  /** The zone that the caller is in; none unless told. */
  readonly zone?: string;
  /** A whole number. The same seed goes the same way. 1 unless told. */
  readonly seed?: number;
  /** Whether the calls may be sent twice. True unless told. */
  readonly idempotent?: boolean;
  /** What happens in between, and at which millisecond. */
  readonly at?: readonly SimulatedChange[];
  /** How many processes call, in turn, each listed as an instance of `checkout`. One that is not listed unless told. */
  readonly clients?: number;
  /** Services from who calls to the servers, these counted: 3 is two that pass calls on, and the servers. 1 unless told. */
  readonly hops?: number;
  /** Whether services in between mark a failure as final, so that retries do not multiply. True unless told. */
  readonly marks?: boolean;
  /** The options of each call, by a number drawn for it from 0 to 1: `(chance) => ({ priority: chance < 0.1 ? … })`. */
  readonly options?: (chance: number) => CallOptions;
  /** `round-robin` calls each server in turn, as a service of its own: something to compare with. `mesh` unless told. */
  readonly balance?: 'mesh' | 'round-robin';
  /** What happens before this millisecond is not counted. 0 unless told. */
  readonly warmUpMs?: number;
}

const OPTIONS: Readonly<Record<keyof SimulationOptions, Check>> = {
  servers: [
    'a list of at least one server, such as [{}, { ms: 100 }]',
    (value) => Array.isArray(value) && value.length > 0,
  ],
  perSecond: ['a number above 0, or a function that gives one', (value) => positive[1](value) || func[1](value)],
  seconds: positive,
  policy: object,
  inbound: object,
  zone: text,
  seed: whole(0),
  idempotent: bool,
  at: [
    'a list of moments and changes, such as [[2_000, (world) => world.change({ failing: 1 }, 0)]]',
    (value) =>
      Array.isArray(value) && value.every((one) => Array.isArray(one) && atLeast0[1](one[0]) && func[1](one[1])),
  ],
  clients: whole(1),
  hops: whole(1),
  marks: bool,
  options: func,
  balance: oneOf('mesh', 'round-robin'),
  warmUpMs: atLeast0,
};

/** @throws MeshError INVALID_ARGUMENT when an option is unknown or not as it must be. */
export function checkSimulation(options: SimulationOptions): void {
  check('simulate: ', OPTIONS, options);
  if (options.servers === undefined) refuse('simulate: servers', OPTIONS.servers, undefined);
  for (const [place, server] of options.servers.entries()) checkServer(`simulate: servers[${place}].`, server);
  const { seconds = 10, warmUpMs = 0, at = [] } = options;
  const late = at.findIndex(([ms]) => ms > seconds * 1_000);
  if (late >= 0) throw bad(`simulate: at[${late}] is at ${at[late]![0]} ms, but calls end at ${seconds * 1_000} ms`);
  if (warmUpMs >= seconds * 1_000) {
    throw bad(`simulate: warmUpMs leaves nothing to count: calls end at ${seconds * 1_000} ms, got ${warmUpMs}`);
  }
}

/** @throws MeshError INVALID_ARGUMENT when what `perSecond` gave is no rate. */
export function checkRate(perSecond: number): number {
  if (!positive[1](perSecond)) refuse('simulate: what perSecond gives', positive, perSecond);
  return perSecond;
}
