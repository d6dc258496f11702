import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestContext } from '../../src/server/request-context.ts';
import { anArrival } from '../support/arrival.ts';
import { fc } from '../support/fast-check.ts';
import { aMesh } from '../support/mesh.ts';

const digits = fc.stringMatching(/^[0-9]{0,22}$/);
const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  digits,
  fc.tuple(digits, digits).map((two) => two.join(' ')),
  fc.stringMatching(/^[0-9]{0,9}[HMSmunX]$/),
  fc.stringMatching(/^00-[0-9a-f]{30,33}-[0-9a-f]{15,17}-[0-9a-f]{1,3}$/),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.constant(undefined),
);

const headers = fc.record({
  traceparent: odd,
  tracestate: odd,
  'x-envoy-expected-rq-timeout-ms': odd,
  'grpc-timeout': odd,
  'finagle-ctx-com.twitter.finagle.deadline': odd,
});

test('whatever the headers say, a request is served or refused, and leaves nothing behind', async () => {
  const { mesh, env } = await aMesh();
  await fc.assert(
    fc.asyncProperty(headers, fc.string(), async (sent, path) => {
      let seen: RequestContext | undefined;
      const serve = (context: RequestContext): number => {
        seen = context;
        assert.match(context.trace!.traceId, /^(?!0{32})[0-9a-f]{32}$/);
        assert.ok(context.timeLeftMs > 0 && (context.timeLeftMs <= 86_400_000 || context.deadline === undefined));
        return 200;
      };
      const answer = await mesh.receive(anArrival({ path, headers: sent, serve }));
      assert.equal(answer, seen === undefined ? 504 : 200);
      assert.equal(env.clock.pending, 0);
    }),
  );
  await mesh.close();
});
