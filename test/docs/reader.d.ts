// What a reader of the guides has in mind when a few lines speak of `mesh` without making one. Only the pages see this.
import type { IncomingMessage, ServerResponse } from 'node:http';

declare global {
  const mesh: import('inmesh').Mesh;
  const createMesh: typeof import('inmesh').createMesh;
  const meshAxios: typeof import('inmesh/axios').meshAxios;
  const axios: typeof import('axios').default;
  const http: typeof import('node:http');
  /** The reader's own application of Express. */
  const app: import('express').Express;
  /** The reader's own client, customer and handler. */
  const send: (attempt: import('inmesh').Attempt) => Promise<Response>;
  const userId: string;
  /** The reader's own connections to a database. */
  const pool: { end(): Promise<void> };
  /** The reader's own module of Nest. */
  const AppModule: new () => object;
  const handle: (request: IncomingMessage, response: ServerResponse) => void;
}
