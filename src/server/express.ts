import type { ConnectMiddleware } from './handler.ts';

/** Whatever has a middleware to give: a mesh. */
export interface MeshMiddleware {
  middleware(): ConnectMiddleware;
}

/** Lets requests in, for Express: `app.use(meshExpress(mesh))`, before all that serves. The same as `mesh.middleware()`. */
export const meshExpress = (mesh: MeshMiddleware): ConnectMiddleware => mesh.middleware();
