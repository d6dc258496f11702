export { meshPlugin } from './server/fastify.ts';
