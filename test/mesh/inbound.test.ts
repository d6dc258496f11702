import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inboundStack } from '../../src/mesh/inbound.ts';
import { makeInboundParts } from '../../src/mesh/inbound-parts.ts';
import { testEnv } from '../../src/testing/env.ts';

test('a request goes this way', () => {
  assert.equal(
    `${inboundStack(makeInboundParts(testEnv()))}`,
    'accept › health › trace › watch › deadline › identify › authorize › quota › shed › report',
  );
});
