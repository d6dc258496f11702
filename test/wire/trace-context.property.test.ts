import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/core/random.ts';
import {
  formatTrace,
  newSpanIdPrefix,
  newTraceId,
  newTraceIdPrefix,
  parseTrace,
} from '../../src/wire/trace-context.ts';
import { fc } from '../support/fast-check.ts';

const member = fc.tuple(fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,20}$/), fc.stringMatching(/^[!-+\--<>-~]{1,20}$/));
const state = fc
  .uniqueArray(member, { maxLength: 8, selector: ([key]) => key })
  .map((members) => members.map(([key, value]) => `${key}=${value}`).join(','));

test('what is sent is read back: the trace, the flags, and the state to the letter', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat({ max: 3 }), state, (seed, flags, state) => {
      const { bits } = seeded(seed);
      const traceId = newTraceId(newTraceIdPrefix(bits), bits);
      const sent = formatTrace({ traceId, parentId: undefined, flags, state }, newSpanIdPrefix(bits), bits);
      const { parentId, ...read } = parseTrace(sent, state)!;
      assert.deepEqual(read, { traceId, flags, state });
      assert.match(parentId!, /^[0-9a-f]{16}$/);
    }),
  );
});

test('no headers make the parser throw or hang, and what it takes has the form of a trace', () => {
  const near = fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.{0,5})?$/);
  const text = fc.oneof(fc.string({ maxLength: 700 }), near, fc.string({ unit: 'binary', maxLength: 100 }));
  fc.assert(
    fc.property(text, fc.oneof(fc.string({ maxLength: 700 }), state), (traceparent, tracestate) => {
      const trace = parseTrace(traceparent, tracestate);
      if (trace === undefined) return;
      assert.match(trace.traceId, /^(?!0+$)[0-9a-f]{32}$/);
      assert.match(trace.parentId!, /^(?!0+$)[0-9a-f]{16}$/);
      assert.ok(trace.flags >= 0 && trace.flags <= 3);
      assert.match(trace.state, /^[\x20-\x7e]{0,512}$/);
    }),
    { numRuns: 1_000 },
  );
});
