import { MeshError } from '../core/errors.ts';

/**
 * Asks for a mesh where an application is put together, and not with each request that comes in.
 * @throws MeshError INVALID_ARGUMENT for what has no such method, above all the promise of a mesh.
 */
export function checkMesh(mesh: unknown, adapter: string, method: 'receive' | 'middleware' = 'receive'): void {
  const given = mesh as Readonly<Record<string, unknown>> | null | undefined;
  if (typeof given?.[method] === 'function') return;
  const what = typeof given?.then === 'function' ? 'a promise of one (await createMesh(…))' : typeof mesh;
  throw new MeshError('request', `${adapter} needs a mesh, got ${what}`);
}
