/** Chance, as everything in the mesh sees it. */
export interface Random {
  /** A number from 0, inclusive, to 1, exclusive. */
  next(): number;
  /** A whole number of 32 bits, from 0 to 4 294 967 295. */
  bits(): number;
  /** A whole number from 0, inclusive, to `limit`, exclusive; at least 1. Up to `PARTS` it costs no object. */
  below(limit: number): number;
}

/**
 * A fast, well mixed and repeatable source: sfc32 of Chris Doty-Humphrey's PractRand. The same seed gives the same
 * numbers on every machine. Not for secrets.
 * @param seed Whole numbers; any, and as many as there are to tell one source from another.
 */
export function seeded(...seed: number[]): Random {
  // In an array of its own kind: V8 would make an object of each number that a closure keeps and that is not small.
  const state = new Int32Array([seed[0] ?? 0, seed[1] ?? 0, seed[2] ?? 0, 1]);
  const turn = (): number => {
    const a = state[0]!;
    const b = state[1]!;
    const c = state[2]!;
    const mixed = (a + b + state[3]!) | 0;
    state[3] = (state[3]! + 1) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = (((c << 21) | (c >>> 11)) + mixed) | 0;
    return mixed; // as it is: half of all would be objects without a sign
  };
  for (let round = 0; round < 12; round++) turn(); // so that near seeds give far numbers
  return {
    bits: () => turn() >>> 0,
    next: () => (turn() >>> 0) / 0x1_0000_0000,
    below: (limit) => Math.floor(((turn() >>> 0) / 0x1_0000_0000) * limit),
  };
}

/**
 * A source of chance that no two processes share. Node seeds V8's own, in each thread, from what it has for keys;
 * `crypto` would take 4 ms of every start to give the same.
 */
export function entropy(): Random {
  const word = (): number => Math.floor(Math.random() * 0x1_0000_0000);
  return seeded(word(), word(), word());
}
