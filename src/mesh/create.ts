import type { Mesh } from './mesh.ts';
import type { MeshOptions } from './options.ts';

/**
 * Makes a mesh: opens the registry, reads the policy, and is ready to call. The mesh is loaded now and not before, so
 * that importing the package costs next to nothing.
 * @param options Who we are and where the others are found must be said; all else has a default.
 * @throws MeshError INVALID_ARGUMENT when an option is not usable; UNAVAILABLE when the registry can not be opened.
 */
export async function createMesh(options: MeshOptions): Promise<Mesh> {
  const { openMesh } = await import('./open.ts');
  return openMesh(options);
}
