import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { start } from '../../support/processes.ts';
import type { Heap } from '../programs/million-calls.ts';

/** Makes so many hundred thousand calls, after the first for what is made once, and says what that added. */
async function added(t: TestContext, hundreds: number, all: boolean): Promise<Heap> {
  const program = start(t, 'million-calls', { hundreds: hundreds + 1, all });
  const heaps: Heap[] = [];
  while (heaps.length <= hundreds) heaps.push(await program.said<Heap>('heap'));
  assert.equal(await program.ended, 0);
  const [first, last] = [heaps[0]!, heaps.at(-1)!];
  return { heap: last.heap - first.heap, spans: last.spans - first.spans, lines: last.lines - first.lines };
}

test('a million calls that are counted leave the heap as it was', async (t) => {
  const { heap, spans } = await added(t, 10, false);
  assert.equal(spans, 0);
  assert.ok(heap < 1_000_000, `${heap} bytes more`);
});

test('with spans and the access log nothing is left of a call either', async (t) => {
  const { heap, spans, lines } = await added(t, 2, true);
  assert.ok(spans >= 400_000, `${spans} spans`);
  assert.ok(lines > 190_000, `${lines} lines`);
  assert.ok(heap < 800_000, `${heap} bytes more: 4 for each call`);
});
