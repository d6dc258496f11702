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
  baggage: odd,
  'x-request-id': odd,
  b3: odd,
  'x-b3-traceid': odd,
  'x-b3-spanid': odd,
  'x-b3-sampled': odd,
});

test('whatever the headers say, a request is served or refused, and leaves nothing behind', async () => {
  const { mesh, env } = await aMesh({ policy: { defaults: { trace: { formats: ['w3c', 'b3', 'b3-multi'] } } } });
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
      assert.deepEqual([env.clock.pending, env.timeouts.waiting], [0, 0]);
    }),
  );
  await mesh.close();
});

/** A value with something in it that has no business there. */
const spoilt = (good: string, bad: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat({ max: good.length }), fc.constantFrom(...bad))
    .map(([at, one]) => good.slice(0, at) + one + good.slice(at));

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const NO_HEX = 'gG-_ \u0000"é';

/** Headers of which each is malformed in a way of its own, so that none of them may mean anything. */
const malformed = fc.record(
  {
    traceparent: fc.oneof(
      spoilt(`00-${TRACE_ID}-${SPAN_ID}-01`, 'gGzZ_"é'),
      fc.constantFrom(`00-${'0'.repeat(32)}-${SPAN_ID}-01`, `00-${TRACE_ID}-${'0'.repeat(16)}-01`),
      fc.constantFrom(`ff-${TRACE_ID}-${SPAN_ID}-01`, `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`, '00', ''),
      fc.constant(`00-${TRACE_ID}-${SPAN_ID}-01, 00-${TRACE_ID}-${SPAN_ID}-01`), // as Node joins two of them
      fc.constant(`00-${TRACE_ID}-${SPAN_ID}-01-more`),
    ),
    'x-envoy-expected-rq-timeout-ms': fc.oneof(spoilt('250', 'x-+. ,e'), fc.constantFrom('', '0', '99999999999')),
    'grpc-timeout': fc.oneof(spoilt('250m', '-+. ,'), fc.constantFrom('', 'm', '1', '1s', '123456789m', '1mm')),
    'finagle-ctx-com.twitter.finagle.deadline': fc.constantFrom(
      '',
      '1',
      '1 -1',
      '-1 1',
      'a b',
      '1 2 3',
      '1  2',
      '1.5 2',
    ),
    baggage: fc.constantFrom('', ',', ';', '=', 'a', 'a;b', 'a b=c', 'é=1', 'a="quoted"', ',,,;=,', 'x'.repeat(9_000)),
    'x-request-id': fc.oneof(spoilt('r-17', ' \t\u0000\u007fé'), fc.constantFrom('', 'x'.repeat(129))),
    b3: fc.oneof(spoilt(`${TRACE_ID}-${SPAN_ID}`, 'gG_ "'), fc.constantFrom('', '-', `${TRACE_ID}`)),
    'x-b3-traceid': spoilt(TRACE_ID, NO_HEX),
    'x-b3-spanid': spoilt(SPAN_ID, NO_HEX),
  },
  { requiredKeys: [] },
);

test('a header that is malformed means what it means when it is not there', async () => {
  const { mesh } = await aMesh({ policy: { defaults: { trace: { formats: ['w3c', 'b3', 'b3-multi'] } } } });
  await fc.assert(
    fc.asyncProperty(malformed, async (sent) => {
      const facts = await mesh.receive(
        anArrival({
          headers: sent,
          serve: async ({ trace, deadline, priority, requestId, principal }) => {
            const { baggage = '', ...headers } = await mesh.call('orders', ({ headers }) => headers);
            assert.notEqual(trace!.traceId, TRACE_ID);
            const asked = headers as Record<string, string>;
            assert.equal(asked.traceparent!.slice(3, 35), trace!.traceId);
            return {
              parent: trace!.parentId,
              state: trace!.state,
              deadline,
              priority,
              requestId,
              by: principal.by,
              baggage,
            };
          },
        }),
      );
      assert.deepEqual(facts, {
        parent: undefined,
        state: '',
        deadline: undefined,
        priority: 'default',
        requestId: undefined,
        by: 'nothing',
        baggage: '',
      });
    }),
    { numRuns: 500 },
  );
  await mesh.close();
});
