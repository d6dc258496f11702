import type { Mesh, MeshEvent } from '../../src/index.ts';

/** Waits until a mesh tells of something that `fits`, and gives it. */
export const heard = (mesh: Mesh, fits: (event: MeshEvent) => boolean): Promise<MeshEvent> =>
  new Promise((resolve) => {
    const stop = mesh.on((event) => {
      if (!fits(event)) return;
      stop();
      resolve(event);
    });
  });
