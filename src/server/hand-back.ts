import { once } from 'node:events';
import { atMost } from '../core/at-most.ts';
import type { Clock } from '../core/clock.ts';

const NOWHERE = '192.0.2.1'; // of documentation (RFC 5737): who tells us that it can not listen there has answered
const ANSWER_MS = 1_000; // for the primary; a process that leaves waits for nobody for ever

/**
 * In a worker of `node:cluster` the primary takes connections and sends them here. Those that are on their way when a
 * server closes are given to other workers, but only by a process that still reads them: one that ended would leave them
 * open, and nobody there. Once the primary has done what we ask for, all that it sent before has been read.
 */
export async function handBack(clock: Clock): Promise<void> {
  if (!process.connected) return;
  const { default: cluster } = await import('node:cluster');
  if (!cluster.isWorker) return;
  const { createServer } = await import('node:net');
  const server = createServer();
  await atMost(clock, ANSWER_MS, once(server.listen(0, NOWHERE), 'listening')); // the primary listens, for a worker
  server.close();
}
