import { Pool } from 'undici';
import { lanes } from '../kit/measure.ts';
import { offer } from './offer.ts';

// Who calls: `caller.ts <url>`. Told a rate it offers so many requests a second, whatever becomes of them; told none it
// finds out what the instance can do. It has a process of its own, so that it can be kept off the server's processor.

/** What a caller is told to do, for so many milliseconds. */
export interface Offer {
  readonly ms: number;
  /** Requests a second; without it as many as are answered when sixteen are under way. */
  readonly perSecond?: number;
}

const [url = ''] = process.argv.slice(2);
const pool = new Pool(url, { connections: 512, pipelining: 1 }); // kept from one offer to the next

/** Requests that it answers in a second when sixteen are under way. */
async function peak(ms: number): Promise<number> {
  const sixteen = new Pool(url, { connections: 16, pipelining: 1 });
  const get = async (): Promise<void> => void (await (await sixteen.request({ path: '/', method: 'GET' })).body.dump());
  await lanes(get, 16, ms / 4);
  const { perSecond } = await lanes(get, 16, ms);
  await sixteen.destroy();
  return perSecond!;
}

process.on('message', ({ ms, perSecond }: Offer) => {
  (perSecond === undefined ? peak(ms) : offer(pool, perSecond, ms)).then(
    (found) => process.send!(found),
    (error: unknown) => {
      console.error('bench/overload:', error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send!('ready');
