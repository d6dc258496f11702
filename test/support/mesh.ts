import type { MeshEvent } from '../../src/core/events.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import { openMesh } from '../../src/mesh/open.ts';
import type { MeshOptions } from '../../src/mesh/options.ts';
import { type TestEnv, testEnv } from '../../src/testing/env.ts';

/** Three places where nobody listens: these tests bring their own clients. */
export const THREE = ['http://10.0.0.1:3000', 'http://10.0.0.2:3000', 'http://10.0.0.3:3000'] as const;

/** A mesh in a world where time stands still. */
export interface MeshInTest {
  readonly mesh: Mesh;
  readonly env: TestEnv;
  /** What it has told, of one kind. */
  told<T extends MeshEvent['type']>(type: T): Extract<MeshEvent, { type: T }>[];
}

/** A mesh of `checkout` that knows three endpoints of `orders` and one of `stock`, unless told otherwise. */
export async function aMesh(options: Partial<MeshOptions> = {}): Promise<MeshInTest> {
  const env = testEnv();
  const registry = { fixed: { orders: THREE, stock: ['http://10.0.1.1:3000'] } };
  const mesh = await openMesh({ service: 'checkout', registry, env, ...options });
  return {
    mesh,
    env,
    told: <T extends MeshEvent['type']>(type: T) =>
      env.told.filter((event): event is Extract<MeshEvent, { type: T }> => event.type === type),
  };
}
