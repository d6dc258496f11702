import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Pool } from 'undici';
import type { Priority } from '../../src/core/priority.ts';

/** What came of the requests of one priority. */
export interface Came {
  asked: number;
  /** Answered 200 within a second. */
  served: number;
}

/** What came of all that was offered. */
export interface Offered {
  readonly came: Readonly<Record<Priority, Came>>;
  readonly servedPerSecond: number;
  /** Milliseconds in which a refusal was known. */
  readonly refusedP50Ms: number;
  readonly refusedP99Ms: number;
  /** By how many milliseconds the event loop of who asks was late, p99: it is in what they see. */
  readonly callerLateMs: number;
  readonly failed: number;
}

const IN_TIME_MS = 1_000;
const STEP_MS = 2;
const LOOK_MS = 1; // between two looks at the event loop

/** A tenth is critical, three tenths are sheddable. */
const priorityOf = (chance: number): Priority => (chance < 0.1 ? 'critical' : chance < 0.4 ? 'sheddable' : 'default');

/** Asks so many times a second, whether or not there were answers, for so long. */
export async function offer(pool: Pool, perSecond: number, ms: number): Promise<Offered> {
  const came: Offered['came'] = { critical: zero(), default: zero(), sheddable: zero() };
  const refused: number[] = [];
  let failed = 0;
  const ask = async (): Promise<void> => {
    const priority = priorityOf(Math.random());
    const mine = came[priority];
    mine.asked++;
    const at = performance.now();
    try {
      const headers = { baggage: `inmesh.priority=${priority}` };
      const { statusCode, body } = await pool.request({ path: '/', method: 'GET', headers });
      const took = performance.now() - at;
      if (statusCode === 503) refused.push(took);
      else if (statusCode === 200 && took <= IN_TIME_MS) mine.served++;
      await body.dump();
    } catch {
      failed++;
    }
  };
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  const begun = performance.now();
  const all: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now() - begun;
      for (const due = (Math.min(now, ms) / 1_000) * perSecond; all.length < due; ) all.push(ask());
      if (now < ms) return;
      clearInterval(timer);
      resolve();
    }, STEP_MS);
  });
  await Promise.race([Promise.all(all), new Promise((resolve) => void setTimeout(resolve, IN_TIME_MS * 2))]);
  delay.disable();
  refused.sort((a, b) => a - b);
  const served = Object.values(came).reduce((sum, { served }) => sum + served, 0);
  return {
    came,
    servedPerSecond: (served / ms) * 1_000,
    refusedP50Ms: refused[Math.floor(refused.length * 0.5)] ?? Number.NaN,
    refusedP99Ms: refused[Math.floor(refused.length * 0.99)] ?? Number.NaN,
    callerLateMs: Math.max(0, delay.percentile(99) / 1e6 - LOOK_MS),
    failed,
  };
}

const zero = (): Came => ({ asked: 0, served: 0 });
