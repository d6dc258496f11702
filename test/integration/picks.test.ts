import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOM } from '../../bench/kit/measure.ts';
import { ways } from '../../bench/pick/modes.ts';
import { start } from '../support/processes.ts';
import type { Left } from './programs/picks.ts';

const NOISE = 1; // byte: of a process some hundred kilobytes, in a hundred thousand picks; the least object takes sixteen

test('picking an endpoint leaves nothing on the heap, in any way that a policy may ask for, one after the other', async (t) => {
  const { left } = await start(t, 'picks', {}, [...ROOM, '--no-concurrent-recompilation']).said<Left>('left');
  assert.deepEqual(Object.keys(left), ways);
  for (const way of ways) assert.ok(left[way]! < NOISE, `${way}: ${left[way]} bytes each`);
});
