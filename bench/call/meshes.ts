import { createMesh, type Mesh, type MeshOptions } from '../../src/index.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import type { Action, Wrapped } from './peers.ts';

/** The slots of both stacks, in the order of travel. */
export const SLOTS = ['trace', 'deadline', 'circuit', 'retry', 'outlier', 'attempt', 'propagate'];

/** Filters that are off by default, each as one would have it on; so wide that nothing is ever refused. */
export const ON: Readonly<Record<string, PolicySections>> = {
  nothing: {},
  fault: { fault: { delay: '1ms', delayShare: 0.0001 } },
  quota: { quota: { calls: [{ rate: '10000000/s', burst: 1_000_000 }] } },
  circuit: { circuit: { mode: 'enforce' } },
  fallback: { fallback: { mode: 'last-good' } },
  collapse: { collapse: { mode: 'on' } },
  hedge: { hedge: { mode: 'quantile' } },
  throttle: { throttle: { mode: 'enforce' } },
  limit: { limit: { endpoint: 1_000, service: 10_000 } },
};

const TEN = Array.from({ length: 10 }, (_, at) => `http://127.0.0.1:${3_000 + at}`);

/** A mesh that calls ten endpoints, with some of its filters taken out. */
export function mesh(without: readonly string[] = [], options: Partial<MeshOptions> = {}): Promise<Mesh> {
  const strip: NonNullable<NonNullable<MeshOptions['stacks']>['cluster']> = (stack) =>
    without.filter((name) => stack.names.includes(name)).reduce((less, name) => less.without(name), stack);
  const registry = { fixed: { orders: TEN, nobody: [] } };
  return createMesh({ service: 'bench', registry, stacks: { cluster: strip, endpoint: strip }, ...options });
}

/** Makes calls of an action through a mesh. */
export async function through(action: Action, made: Promise<Mesh> = mesh(), service = 'orders'): Promise<Wrapped> {
  const calls = await made;
  return { call: () => calls.call(service, action), close: () => void calls.close() };
}
