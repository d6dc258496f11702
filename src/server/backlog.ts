import type { Server } from 'node:net';
import { REAL } from './event-loop.ts';

const MOST = 511; // that the system lets wait, unless told
const STILL = 2; // turns: in the first of them we may come behind the server

/**
 * Takes in all who wait to be: a server that listens no more has them reset by the system, with what they have asked
 * already. Node takes one in a turn of its loop, and who has all end their connections gets many new ones. Once turns go by
 * that bring nobody, whatever may have come since has had no time to ask.
 */
export async function takeWaiting(server: Server, giveUp: AbortSignal): Promise<void> {
  let came = false;
  const hear = (): void => {
    came = true;
  };
  server.on('connection', hear);
  for (let [turn, still] = [0, 0]; turn < MOST && still < STILL && !giveUp.aborted; turn++) {
    came = false;
    await new Promise<void>(REAL.afterTurn);
    still = came ? 0 : still + 1;
  }
  server.off('connection', hear);
}
