export { type MeshMiddleware, meshExpress } from './server/express.ts';
