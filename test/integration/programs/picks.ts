// Picks endpoints in every way that a policy may ask for, and tells how many bytes each pick leaves on the heap.
import { modes, ways } from '../../../bench/pick/modes.ts';

/** Bytes that a pick leaves, by the way. */
export interface Left {
  readonly left: Readonly<Record<string, number>>;
}

const ROUNDS = 8;
const left: Record<string, number> = {};
for (const way of ways) {
  const { round } = await modes[`bytes ${way}`]!();
  let bytes = Number.POSITIVE_INFINITY;
  // V8 compiles beside us, and again where it was wrong about what there is: what counts is what is left once it is done.
  for (let rounds = 0; rounds < ROUNDS && bytes >= 1; rounds++) bytes = (await round({})).bytes!;
  left[way] = bytes;
}
process.send!({ left } satisfies Left);
process.disconnect();
