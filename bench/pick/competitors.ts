import { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import { type Endpoint, endpoint } from '../../src/core/endpoint.ts';
import { seeded } from '../../src/core/random.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { Competitor, Figures, Opening } from '../kit/competitor.ts';
import { modes } from './modes.ts';
import { repeated } from './repeated.ts';

const random = seeded(1, 2, 3);
const policy = new PolicySet({}).for('orders').balance;
const IN_FLIGHT = 64; // calls under way at a time, as a busy client has them

const WEIGHTS = [1, 2, 5, 3];

/** So many endpoints, all of one weight or of several. */
const endpoints = (count: number, even: boolean): Endpoint[] =>
  Array.from({ length: count }, (_, at) =>
    endpoint(`http://10.${at >> 16}.${(at >> 8) & 255}.${at & 255}:3000`, { weight: even ? 1 : WEIGHTS[at % 4]! }),
  );

function nodesOf(list: readonly Endpoint[]): Nodes {
  const nodes = new Nodes();
  nodes.update(list);
  for (const node of nodes) node.latency.observe(5 + 5 * random.next(), 0, policy.decay);
  return nodes;
}

/** Picks, starts and ends calls. */
function picking(count: number, even = true): Competitor {
  const nodes = nodesOf(endpoints(count, even));
  const under = Array.from({ length: IN_FLIGHT }, () => pick(nodes, [], policy, 0, random)!);
  for (const node of under) node.inFlight++;
  let [at, now] = [0, 0];
  const step = (): void => {
    now += 0.01;
    const [ended, begun] = [under[at]!, pick(nodes, [], policy, now, random)!];
    if (begun.inFlight++ === 0) begun.silentSince = now;
    ended.inFlight--;
    ended.silentSince = now;
    ended.latency.observe(5 + (at & 3), now, policy.decay);
    under[at] = begun;
    at = (at + 1) % IN_FLIGHT;
  };
  return { round: ({ ms }) => repeated(step, ms!, 1_000) };
}

/** Takes one endpoint off the list and puts it back, somewhere among so many. */
function changing(count: number, even = true): Competitor {
  const list = endpoints(count, even);
  const nodes = nodesOf(list);
  let at = 0;
  const step = (): void => {
    at = (at + 7919) % count;
    const one = list[at]!;
    nodes.drop(one.id);
    nodes.put(one);
  };
  // Two changes a step, so each costs half.
  return { round: async ({ ms }) => halved(await repeated(step, ms!, 100)) };
}

/** Compares a whole new list with what is there; of a hundred endpoints one has gone and one is new. */
function diffing(count: number, even = true): Competitor {
  const all = endpoints(Math.ceil(count * 1.01), even);
  const lists = [all.slice(0, count), all.slice(-count)];
  const nodes = nodesOf(lists[0]!);
  let turn = 0;
  return { round: ({ ms }) => repeated(() => void nodes.update(lists[++turn % 2]!), ms!, 1) };
}

/** Bytes that are kept for each endpoint before it is called, and handles that the process has for them. */
function keeping(count: number): Competitor {
  return {
    async round() {
      const resources = process.getActiveResourcesInfo().length;
      globalThis.gc!();
      const before = process.memoryUsage().heapUsed;
      const nodes = new Nodes();
      nodes.update(endpoints(count, true));
      globalThis.gc!();
      const bytes = (process.memoryUsage().heapUsed - before) / nodes.size;
      return { bytes, resources: process.getActiveResourcesInfo().length - resources };
    },
  };
}

const halved = ({ cpuNs = 0, ...rest }: Figures): Figures => ({ ...rest, cpuNs: cpuNs / 2 });

export const COUNTS = [10, 100, 1_000, 10_000];

/** Everything that is done to lists of endpoints, by the name it has in the table. */
export const competitors: Readonly<Record<string, Opening>> = {
  ...modes,
  ...Object.fromEntries(
    COUNTS.flatMap((count): [string, Opening][] => [
      [`pick ${count}`, () => picking(count)],
      [`pick ${count}, twin`, () => picking(count)],
      [`pick ${count}, weights`, () => picking(count, false)],
      [`change ${count}`, () => changing(count)],
      [`change ${count}, weights`, () => changing(count, false)],
      [`diff ${count}`, () => diffing(count)],
      [`diff ${count}, weights`, () => diffing(count, false)],
      [`keep ${count}`, () => keeping(count)],
    ]),
  ),
};
