import type { TestContext } from 'node:test';
import type { Env } from '../../src/core/env.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const LONGEST_MS = 30_000; // a hook that never ends hides why its test failed, and all tests behind it
const STEP_MS = 100;

/**
 * Closes a mesh when the test is over, also one that failed in the middle of it: where time stands still (`env`) nobody
 * else lets it pass then.
 */
export function closeAfter(t: TestContext, mesh: Mesh, env?: Pick<Env, 'clock'>): void {
  const close = async (): Promise<void> => {
    const closed = mesh.close({ drainMs: 0, timeoutMs: 0 });
    if (env?.clock instanceof VirtualClock) await passUntil(env.clock, closed);
    else await closed;
  };
  t.after(close, { timeout: LONGEST_MS });
}

/** Lets time pass, a little at a time: what waits for sockets or files sets its timers when these come. */
async function passUntil(clock: VirtualClock, coming: Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(LONGEST_MS);
  let come = false;
  const end = coming.finally(() => {
    come = true;
  });
  while (!come && !late.aborted) await clock.advance(STEP_MS);
  await end;
}
