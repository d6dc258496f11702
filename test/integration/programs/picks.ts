// Picks endpoints in every way that a policy may ask for, and tells how many bytes each pick leaves on the heap.
import { modes, ways } from '../../../bench/pick/modes.ts';

/** Bytes that a pick leaves, by the way. */
export interface Left {
  readonly left: Readonly<Record<string, number>>;
}

const left: Record<string, number> = {};
for (const way of ways) {
  const { round } = await modes[`bytes ${way}`]!();
  await round({}); // V8 compiles beside us
  left[way] = (await round({})).bytes!;
}
process.send!({ left } satisfies Left);
process.disconnect();
