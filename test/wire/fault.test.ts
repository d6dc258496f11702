import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAskedFault } from '../../src/wire/fault.ts';

const read = (headers: Record<string, string>) => readAskedFault((name) => headers[name]);

test("Envoy's headers are read, and what can not be read is as if nothing was said", () => {
  const nothing = { delayMs: undefined, delayShare: 1, abort: undefined, abortShare: 1 };
  assert.deepEqual(read({}), nothing);
  assert.deepEqual(read({ 'x-envoy-fault-delay-request': '-1', 'x-envoy-fault-abort-request': 'x' }), nothing);
  assert.deepEqual(
    read({
      'x-envoy-fault-delay-request': '250',
      'x-envoy-fault-delay-request-percentage': '25',
      'x-envoy-fault-abort-grpc-request': '14',
      'x-envoy-fault-abort-request-percentage': '700',
    }),
    { delayMs: 250, delayShare: 0.25, abort: true, abortShare: 1 },
  );
  assert.equal(read({ 'x-envoy-fault-delay-request': '999999999' }).delayMs, 300_000);
});
