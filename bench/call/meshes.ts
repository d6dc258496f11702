import { createMesh, type Mesh, type MeshOptions } from '../../src/index.ts';
import type { Action, Wrapped } from './peers.ts';

/** The slots of both stacks, in the order of travel. */
export const SLOTS = ['trace', 'deadline', 'circuit', 'retry', 'outlier', 'attempt', 'propagate'];

const TEN = Array.from({ length: 10 }, (_, at) => `http://127.0.0.1:${3_000 + at}`);

/** A mesh that calls ten endpoints, with some of its filters taken out. */
export function mesh(without: readonly string[] = [], options: Partial<MeshOptions> = {}): Promise<Mesh> {
  const strip: NonNullable<NonNullable<MeshOptions['stacks']>['cluster']> = (stack) =>
    without.filter((name) => stack.names.includes(name)).reduce((less, name) => less.without(name), stack);
  const registry = { fixed: { orders: TEN, copies: TEN, nobody: [] } };
  return createMesh({ service: 'bench', registry, stacks: { cluster: strip, endpoint: strip }, ...options });
}

/** Makes calls of an action through a mesh. */
export async function through(action: Action, made: Promise<Mesh> = mesh(), service = 'orders'): Promise<Wrapped> {
  const calls = await made;
  return { call: () => calls.call(service, action), close: () => void calls.close() };
}
