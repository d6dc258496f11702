export { type KoaContext, type KoaMiddleware, meshKoa } from './server/koa.ts';
