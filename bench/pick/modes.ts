import { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import type { Node } from '../../src/core/node.ts';
import { seeded } from '../../src/core/random.ts';
import { LoadWeight } from '../../src/math/load-weight.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { Policy, PolicySections } from '../../src/policy/table.ts';
import type { Competitor, Opening } from '../kit/competitor.ts';
import { leftBy, repeated } from './repeated.ts';

/** A way to pick that a policy asks for. */
interface Mode {
  readonly policy: PolicySections;
  readonly endpoints?: number;
  readonly zone?: string;
  /** How many endpoints of our zone are out of rotation. */
  readonly out?: number;
  readonly keyed?: boolean;
  /** Whether the records of endpoints give them different weights. */
  readonly weighs?: boolean;
}

const IN_FLIGHT = 64; // calls under way at a time, as a busy client has them
const BEGIN = 10_000; // milliseconds since the endpoints came
const MOMENT = BEGIN + 0.5;
const KEYS = Array.from({ length: 1_024 }, (_, at) => `user-${at}`);
const NOTHING: readonly Node[] = [];

const MODES: Readonly<Record<string, Mode>> = {
  p2c: { policy: {} },
  'p2c, weights': { policy: {}, weighs: true },
  'least-request': { policy: { balance: { picker: 'least-request' } } },
  'least-request, weights': { policy: { balance: { picker: 'least-request' } }, weighs: true },
  'round-robin': { policy: { balance: { picker: 'round-robin' } } },
  'weighted-round-robin': { policy: { balance: { picker: 'weighted-round-robin' } } },
  'weighted-round-robin by load (orca)': { policy: { balance: { picker: 'weighted-round-robin', load: 'orca' } } },
  random: { policy: { balance: { picker: 'random' } } },
  'ring-hash': { policy: { balance: { picker: 'ring-hash' } }, keyed: true },
  'ring-hash, bound 1.25': { policy: { balance: { picker: 'ring-hash' }, hash: { bound: 1.25 } }, keyed: true },
  maglev: { policy: { balance: { picker: 'maglev' } }, keyed: true },
  'p2c in our zone': { policy: {}, zone: 'a' },
  'p2c, our zone spills': { policy: {}, zone: 'a', out: 25 },
  'p2c of a subset': { policy: { subset: { labels: { version: 'v1' } } } },
  'p2c of an aperture of 1,000': { policy: { aperture: { mode: 'rendezvous' } }, endpoints: 1_000 },
};

/** A service, and a call's choice of one of its endpoints: what its policy lets it see, how that is, and one of it. */
function choosing(mode: Mode): { readonly policy: Policy; readonly choose: (turn: number, now: number) => Node } {
  const { policy: sections, endpoints = 100, zone = '', out = 0, keyed = false, weighs = false } = mode;
  const random = seeded(1, 2, 3);
  const policy = new PolicySet({ defaults: sections }).for('orders');
  const nodes = new Nodes({ zone });
  nodes.update(
    Array.from({ length: endpoints }, (_, at) =>
      endpoint(`http://10.0.${at >> 8}.${at & 255}:3000`, {
        weight: weighs ? 1 + (at % 5) / 2 : 1,
        zone: at % 2 === 0 ? 'a' : 'b',
        metadata: { version: at % 4 < 2 ? 'v1' : 'v2' },
      }),
    ),
  );
  let left = out;
  for (const node of nodes) {
    node.latency.observe(5 + 5 * random.next(), 0, policy.balance.decay);
    node.load = new LoadWeight();
    node.load.observe({ rps: 50 + 100 * random.next(), eps: 0, utilization: 1 }, 0);
    if (node.endpoint.zone !== zone || left === 0) continue;
    left--;
    node.ejection.eject({ ejection: 1e9, maxEjection: 1e9, forget: 1e9 }, 0, 0, '');
    node.all.moved(node);
  }
  const choose = (turn: number, now: number): Node => {
    const view = nodes.view(policy);
    view.reckon(policy, now);
    const key = keyed ? KEYS[(turn * 7) % KEYS.length]! : undefined;
    return pick(view, NOTHING, policy.balance, now, random, key, policy.hash)!;
  };
  return { policy, choose };
}

/** Picks as a call does. Starts and ends calls. */
function picking(mode: Mode): Competitor {
  const { policy, choose } = choosing(mode);
  let [at, now] = [0, BEGIN];
  const under = Array.from({ length: IN_FLIGHT }, () => begun(choose(at, now), now));
  const step = (): void => {
    now += 0.01;
    ended(under[at]!, now);
    under[at] = begun(choose(at, now), now);
    at = (at + 1) % IN_FLIGHT;
  };
  const ended = (node: Node, when: number): void => {
    node.inFlight--;
    node.all.inFlight--;
    node.silentSince = when;
    node.latency.observe(5 + (at & 3), when, policy.balance.decay);
  };
  return { round: ({ ms }) => repeated(step, ms!, 1_000) };
}

/** Only picks, at one moment: reading a clock makes an object of what it says. */
function leaving(mode: Mode): Competitor {
  const { choose } = choosing(mode);
  for (let turn = 0; turn < IN_FLIGHT; turn++) begun(choose(turn, BEGIN), BEGIN);
  let turn = 0;
  const step = (): void => {
    choose(turn, MOMENT);
    turn = (turn + 1) % KEYS.length;
  };
  return { round: () => leftBy(step) };
}

function begun(node: Node, now: number): Node {
  if (node.inFlight++ === 0) node.silentSince = now;
  node.all.inFlight++;
  return node;
}

/** Every picker, and everything else that a policy may ask of a pick, by its name in the table. */
export const ways: readonly string[] = Object.keys(MODES);

/** Each of them as it takes time, and as it leaves bytes. */
export const modes: Readonly<Record<string, Opening>> = Object.fromEntries(
  Object.entries(MODES).flatMap(([name, mode]): [string, Opening][] => [
    [name, () => picking(mode)],
    [`bytes ${name}`, () => leaving(mode)],
  ]),
);
