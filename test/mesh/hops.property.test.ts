import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTimeLeft } from '../../src/wire/deadline.ts';
import { fc } from '../support/fast-check.ts';
import { aMesh } from '../support/mesh.ts';

const hop = fc.record({
  /** How long the service works before it asks the next. */
  works: fc.nat({ max: 400 }),
  /** What its own policy would give the call. */
  timeout: fc.integer({ min: 1, max: 3_000 }),
  format: fc.constantFrom('envoy', 'grpc'),
});

test('over any hops, whatever each would give, what is left of a deadline only shrinks, and by what each took at least', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5_000 }),
      fc.array(hop, { minLength: 1, maxLength: 8 }),
      async (first, hops) => {
        const { mesh, env } = await aMesh();
        let headers: Record<string, string> = { 'x-envoy-expected-rq-timeout-ms': String(first) };
        let left = first;
        for (const { works, timeout, format } of hops) {
          mesh.setPolicy({ defaults: { deadline: { timeout: `${timeout}ms` }, propagate: { deadline: format } } });
          const sent = await mesh.within(headers, async () => {
            await env.clock.advance(works);
            return mesh.call('orders', ({ headers }) => headers).catch((error: { reason: string }) => error.reason);
          });
          if (typeof sent === 'string') {
            assert.equal(sent, 'deadline');
            assert.ok(works >= left, `given up with ${left - works} ms left`);
            break;
          }
          const next = parseTimeLeft(sent['x-envoy-expected-rq-timeout-ms'], sent['grpc-timeout'])!;
          assert.ok(next <= left - works, `${next} ms of ${left} after ${works}`);
          assert.ok(next <= timeout);
          [headers, left] = [sent, next];
        }
        await mesh.close();
      },
    ),
  );
});
