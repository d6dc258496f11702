import type { Random } from '../core/random.ts';

/**
 * Chance that is none: gives the numbers named, in turn, over and over.
 * @param numbers Each from 0 to 1, exclusive.
 */
export function fixed(...numbers: readonly number[]): Random {
  if (numbers.length === 0) throw new RangeError('fixed needs a number to give, such as fixed(0.5)');
  let turn = 0;
  const next = (): number => numbers[turn++ % numbers.length]!;
  const below = (limit: number): number => Math.floor(next() * limit);
  return { next, bits: () => below(0x1_0000_0000), below };
}
