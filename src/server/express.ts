import { checkMesh } from './check-mesh.ts';
import type { ConnectMiddleware } from './handler.ts';

/** Whatever has a middleware to give: a mesh. */
export interface MeshMiddleware {
  /** Lets requests in; see `Mesh`. */
  middleware(): ConnectMiddleware;
}

/**
 * Lets requests in, for Express: `app.use(meshExpress(mesh))`, before all that serves. The same as `mesh.middleware()`.
 * @param mesh The mesh that requests come in by.
 * @throws MeshError INVALID_ARGUMENT for what is no mesh, such as the promise of one.
 */
export const meshExpress = (mesh: MeshMiddleware): ConnectMiddleware => {
  checkMesh(mesh, 'meshExpress', 'middleware');
  return mesh.middleware();
};
