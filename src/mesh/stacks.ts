import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { Stack } from '../core/stack.ts';
import type { Stacks } from './cluster.ts';
import { inboundStack } from './inbound.ts';
import { makeInboundParts } from './inbound-parts.ts';
import { clusterStack, endpointStack } from './outbound.ts';
import { makeParts } from './parts.ts';

/**
 * Tries what a user does to the stacks, so that a slip shows when the mesh is made and not at the first call.
 * @throws MeshError INVALID_ARGUMENT that says what is wrong, and what there is.
 */
export function checkStacks(stacks: unknown, env: Env): asserts stacks is Stacks {
  if (typeof stacks !== 'object' || stacks === null) {
    throw bad(
      `stacks must be an object with cluster, endpoint, inbound, got ${stacks === null ? 'null' : typeof stacks}`,
    );
  }
  const there = {
    cluster: () => clusterStack(makeParts(env, () => false)),
    endpoint: () => endpointStack(makeParts(env, () => false)),
    inbound: () => inboundStack(makeInboundParts(env)),
  };
  for (const [name, change] of Object.entries(stacks)) {
    if (!Object.hasOwn(there, name)) {
      throw bad(`stacks: no such stack '${name}'; there are ${Object.keys(there).join(', ')}`);
    }
    if (change === undefined) continue;
    if (typeof change !== 'function') throw bad(`stacks.${name} must be a function, got ${typeof change}`);
    const changed = attempt(name, () => change((there[name as keyof Stacks] as () => unknown)()));
    if (!(changed instanceof Stack)) throw bad(`stacks.${name} must give back a stack, got ${typeof changed}`);
  }
}

function attempt(name: string, change: () => unknown): unknown {
  try {
    return change();
  } catch (error) {
    if (error instanceof RangeError) throw bad(`stacks.${name}: ${error.message}`); // of the stack: no such name, or twice
    throw error;
  }
}

const bad = (message: string): MeshError => new MeshError('request', message);
