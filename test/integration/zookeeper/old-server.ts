import type { Socket } from 'node:net';
import type { FaultProxy } from '../../support/fault-proxy.ts';

const UNIMPLEMENTED = -6;
/** What servers before 3.5 and 3.6 have never heard of: containers, and watches that last. */
export const CREATE_CONTAINER = 19;
export const ADD_WATCH = 106;

/**
 * Makes the server behind a wire an old one: to the commands of these numbers it says that it does not know them, and
 * hangs up, as ZooKeeper does.
 */
export function makeOld(wire: FaultProxy, unknown: readonly number[] = [CREATE_CONTAINER, ADD_WATCH]): void {
  const streams = new WeakMap<Socket, { rest: Buffer; greeted: boolean }>();
  wire.onUp = (piece, near) => {
    const stream = streams.get(near) ?? { rest: Buffer.alloc(0), greeted: false };
    streams.set(near, stream);
    stream.rest = Buffer.concat([stream.rest, piece]);
    const passed: Buffer[] = [];
    while (stream.rest.length >= 4 && stream.rest.length >= 4 + stream.rest.readInt32BE()) {
      const frame = stream.rest.subarray(0, 4 + stream.rest.readInt32BE());
      stream.rest = stream.rest.subarray(frame.length);
      if (stream.greeted && unknown.includes(frame.readInt32BE(8))) {
        near.end(refusal(frame.readInt32BE(4)));
        return Buffer.concat(passed);
      }
      stream.greeted = true;
      passed.push(frame);
    }
    return Buffer.concat(passed);
  };
}

function refusal(xid: number): Buffer {
  const reply = Buffer.alloc(20);
  reply.writeInt32BE(16, 0);
  reply.writeInt32BE(xid, 4);
  reply.writeInt32BE(UNIMPLEMENTED, 16);
  return reply;
}
