import type { TestContext } from 'node:test';

/** Counts the rejections that nobody hears of while a test runs; for each of them Node would end a process. */
export function unheardIn(t: TestContext): () => Promise<number> {
  let count = 0;
  const heard = (): void => void count++;
  process.on('unhandledRejection', heard);
  t.after(() => process.off('unhandledRejection', heard));
  return async () => {
    await new Promise(setImmediate); // Node tells of them once all promises have settled
    return count;
  };
}
