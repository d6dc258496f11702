export { meshHono } from './server/hono.ts';
