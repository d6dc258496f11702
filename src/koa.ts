export { meshKoa } from './server/koa.ts';
