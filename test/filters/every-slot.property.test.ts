import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterStack, endpointStack } from '../../src/mesh/outbound.ts';
import { makeParts } from '../../src/mesh/parts.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { testEnv } from '../../src/testing.ts';
import { fc } from '../support/fast-check.ts';
import { threadOf } from '../support/thread.ts';
import { outbound } from './every-slot.ts';
import type * as runs from './every-slot-runs.ts';

const inThread = threadOf(new URL('./every-slot-runs.ts', import.meta.url));

test('every slot of the way out has something to be told here; whoever adds one says what', () => {
  const parts = makeParts(testEnv(), () => false);
  const names = new Set([...clusterStack(parts).names, 'balance', ...endpointStack(parts).names]);
  assert.deepEqual(Object.keys(outbound).toSorted(), [...names].toSorted());
  for (const [name, policies] of Object.entries(outbound)) {
    const told = fc.sample(policies, 100);
    const own = new Set(told.map((policy) => JSON.stringify(policy[name as keyof PolicySections])));
    assert.ok(own.size > 1, `${name} is told the same each time`);
  }
});

test('whichever slots are on, each call settles once, in time, under abort at any moment, and leaves nothing behind', () =>
  inThread<void>('eachEndsOnce' satisfies keyof typeof runs));

test('whatever has happened, there is a way out of it: when all is well again for four minutes, calls are sent and succeed', () =>
  inThread<void>('allRecovers' satisfies keyof typeof runs));
