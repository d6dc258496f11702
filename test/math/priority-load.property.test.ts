import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localShare, residualShares } from '../../src/math/priority-load.ts';
import { fc } from '../support/fast-check.ts';

const zone = fc.record({ endpoints: fc.integer({ min: 1, max: 50 }), callers: fc.integer({ min: 0, max: 50 }) });

test('wherever callers and endpoints are, every endpoint gets as many calls as any other, and no zone both gives and takes', () => {
  fc.assert(
    fc.property(fc.array(zone, { minLength: 3, maxLength: 8 }), (zones) => {
      const callers = zones.reduce((sum, one) => sum + one.callers, 0);
      const endpoints = zones.reduce((sum, one) => sum + one.endpoints, 0);
      fc.pre(callers > 0 && endpoints >= 6);
      const calls = zones.map(() => 0);
      const [gave, took] = [new Set<number>(), new Set<number>()];
      for (const [at, own] of zones.entries()) {
        const share = own.callers / callers;
        const here = localShare(own.endpoints, endpoints - own.endpoints, share);
        calls[at]! += share * here;
        if (here >= 1 - 1e-9) continue;
        gave.add(at);
        const others = zones.flatMap((one, other) => (other === at ? [] : [{ ...one, other }]));
        const shares = residualShares(
          own.endpoints,
          others.map((one) => ({ endpoints: one.endpoints, callers: one.callers / callers })),
        );
        for (const [index, { other }] of others.entries()) {
          calls[other]! += share * (1 - here) * shares[index]!;
          if (shares[index]! > 0) took.add(other);
        }
      }
      for (const [at, own] of zones.entries()) {
        assert.ok(Math.abs(calls[at]! / own.endpoints - 1 / endpoints) < 1e-6, `zone ${at} gets ${calls[at]}`);
      }
      assert.deepEqual(
        [...gave].filter((at) => took.has(at)),
        [],
      );
    }),
  );
});
