import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEnvoyTimeout, formatGrpcTimeout, parseTimeLeft } from '../../src/wire/deadline.ts';
import { fc } from '../support/fast-check.ts';

const left = fc.double({ min: 1, max: 86_400_000, noNaN: true });

test('a deadline never grows from hop to hop, whichever headers carry it, and shrinks by rounding alone', () => {
  fc.assert(
    fc.property(left, fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (ms, hops) => {
      let now = ms;
      for (const isEnvoy of hops) {
        const next = isEnvoy
          ? parseTimeLeft(formatEnvoyTimeout(now), undefined)!
          : parseTimeLeft(undefined, formatGrpcTimeout(now))!;
        assert.ok(next <= now, `${now} became ${next}`);
        assert.ok(next > now - 1, `${now} became ${next}`);
        now = next;
      }
    }),
  );
});

test('no text makes the parser throw, or give what is no length of time', () => {
  const text = fc.option(fc.oneof(fc.string(), fc.stringMatching(/^\d{0,12}[HMSmun]?$/)), { nil: undefined });
  fc.assert(
    fc.property(text, text, (envoy, grpc) => {
      const ms = parseTimeLeft(envoy, grpc);
      assert.ok(ms === undefined || (ms >= 0 && ms <= 86_400_000), `${ms}`);
    }),
    { numRuns: 1_000 },
  );
});
