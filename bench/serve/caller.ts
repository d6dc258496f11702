import { Pool } from 'undici';
import type { Task } from '../kit/competitor.ts';
import { lanes } from '../kit/measure.ts';

// Who calls in this contest: `caller.ts <url> <headers as JSON>`. Calls for as long as it is told, and says how it went.

const [url = '', headers = '{}'] = process.argv.slice(2);
const pool = new Pool(url, { connections: 128 });
const options = { path: '/orders/42', method: 'GET', headers: JSON.parse(headers) as Record<string, string> } as const;

const get = (): Promise<void> =>
  new Promise((resolve, reject) => {
    pool.dispatch(options, {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        if (status !== 200) reject(new Error(`${url} answered ${status}`));
      },
      onResponseData() {},
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    });
  });

process.on('message', ({ concurrency, ms }: Task) => {
  lanes(get, concurrency!, ms!).then(
    (figures) => process.send!(figures),
    (error: unknown) => {
      console.error('bench/serve:', error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send!('ready');
