export { meshExpress } from './server/express.ts';
