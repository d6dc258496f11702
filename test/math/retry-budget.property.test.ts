import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from '../../src/math/retry-budget.ts';
import { fc } from '../support/fast-check.ts';

test('it never gives more in ten seconds than the share of the calls and the floor allow', () => {
  const step = fc.record({ later: fc.nat({ max: 2_000 }), calls: fc.nat({ max: 50 }), retries: fc.nat({ max: 50 }) });
  const share = fc.constantFrom(0, 0.1, 0.2, 0.5, 1);
  fc.assert(
    fc.property(share, fc.nat({ max: 10 }), fc.array(step, { maxLength: 60 }), (share, perSecond, steps) => {
      const budget = new RetryBudget();
      const log: { at: number; calls: number; taken: number }[] = [];
      let now = 0;
      for (const { later, calls, retries } of steps) {
        now += later;
        for (let call = 0; call < calls; call++) budget.deposit(now);
        let taken = 0;
        for (let retry = 0; retry < retries; retry++) if (budget.withdraw(share, perSecond, now)) taken++;
        const left = budget.balance(share, perSecond, now);
        assert.ok(left >= 0 && left <= share * 60 * 50 + perSecond * 10, `${left} are left`);
        if (taken < retries) assert.ok(left < 1, 'who is refused one is told that there is none');
        log.push({ at: now, calls, taken });
        const recent = log.filter(({ at }) => Math.floor(at / 1_000) > Math.floor(now / 1_000) - 10);
        const made = recent.reduce((sum, entry) => sum + entry.calls, 0);
        const spent = recent.reduce((sum, entry) => sum + entry.taken, 0);
        if (taken > 0) assert.ok(spent <= share * made + perSecond * 10 + 1e-6, `${spent} retries for ${made} calls`);
      }
    }),
  );
});
