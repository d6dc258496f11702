import { type Policy, table } from '../../src/policy/table.ts';
import { fc } from './fast-check.ts';

/** A time of so many milliseconds at most, as a policy says it. */
export const duration = (max: number) => fc.integer({ min: 1, max }).map((ms) => `${ms}ms`);

/** Every picker that a policy may name. */
export const pickers = fc.constantFrom(
  ...(table.balance.fields.picker.json.enum as readonly Policy['balance']['picker'][]),
);

/** Up to two rules of a quota of calls, which few calls use up. */
export const callRules = fc.array(
  fc.record({
    rate: fc.constantFrom('20/s', '5/s'),
    burst: fc.integer({ min: 1, max: 3 }),
    mode: fc.constantFrom('observe', 'reject', 'queue', 'warm-up'),
  }),
  { maxLength: 2 },
);
