/** Chance, as everything in the mesh sees it. */
export interface Random {
  /** A number from 0, inclusive, to 1, exclusive. */
  next(): number;
  /** A whole number of 32 bits, from 0 to 4 294 967 295. */
  bits(): number;
}

/**
 * A fast, well mixed and repeatable source: sfc32 of Chris Doty-Humphrey's PractRand. The same seed gives the same
 * numbers on every machine. Not for secrets.
 */
export function seeded(...seed: number[]): Random {
  // In an array of its own kind: V8 would make an object of each number that a closure keeps and that is not small.
  const state = new Int32Array([seed[0] ?? 0, seed[1] ?? 0, seed[2] ?? 0, 1]);
  const bits = (): number => {
    const a = state[0]!;
    const b = state[1]!;
    const c = state[2]!;
    const mixed = (a + b + state[3]!) | 0;
    state[3] = (state[3]! + 1) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = (((c << 21) | (c >>> 11)) + mixed) | 0;
    return mixed >>> 0;
  };
  for (let round = 0; round < 12; round++) bits(); // so that near seeds give far numbers
  return { bits, next: () => bits() / 0x1_0000_0000 };
}

/** A source of chance that no two processes share. */
export function entropy(): Random {
  const seed = crypto.getRandomValues(new Int32Array(3));
  return seeded(seed[0]!, seed[1]!, seed[2]!);
}

/** A whole number from 0, inclusive, to `limit`, exclusive; `limit` is at least 1. */
export const below = (random: Random, limit: number): number => Math.floor(random.next() * limit);
