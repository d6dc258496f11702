import type { PolicySections } from '../../src/policy/table.ts';
import { answer } from '../../src/testing.ts';
import { aWorld, give, type World } from '../filters/world.ts';

export type Quota = NonNullable<PolicySections['quota']>;

/** A mesh whose calls of `orders` have these quotas. */
export const world = (quota: Quota, more: PolicySections = {}): World => aWorld({ policy: { ...more, quota } });

/** Calls so often in one moment, and says what became of each. */
export async function times(w: World, many: number, options?: Parameters<World['call']>[1]): Promise<string[]> {
  const calls = Array.from({ length: many }, () =>
    w.call(give(answer(200)), options).then(
      () => 'went',
      (error) => error.reason as string,
    ),
  );
  return Promise.all(calls);
}

export const count = (outcomes: readonly string[], what = 'went'): number =>
  outcomes.filter((one) => one === what).length;
