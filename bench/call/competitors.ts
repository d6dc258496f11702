import type { Competitor, Opening } from '../kit/competitor.ts';
import { bytes, sequential } from '../kit/measure.ts';
import { ON } from './filters.ts';
import { mesh, SLOTS, through } from './meshes.ts';
import type { Wrapped } from './peers.ts';
import * as peers from './peers.ts';

const down = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const works = async (): Promise<number> => 1;
const fails = async (): Promise<number> => {
  throw down;
};

/** One call after the other; counts their bytes instead when told how many. */
function calling(call: peers.Action): Competitor {
  return {
    round: ({ ms, operations }) => (operations === undefined ? sequential(call, ms!) : bytes(call, operations)),
  };
}

/** Failing calls, after so many good ones as the task says. Each round begins with nothing to remember. */
function failing(wrap: (action: peers.Action) => Wrapped | Promise<Wrapped>): Competitor {
  return {
    async round({ ms, before = 0 }) {
      let action: peers.Action = works;
      const { call, close } = await wrap(() => action());
      const caught = () => call().then(undefined, () => undefined);
      for (let done = 0; done < before; done++) await caught();
      action = fails;
      const figures = await sequential(caught, ms!, 128);
      close?.();
      return figures;
    },
  };
}

/** Calls that are refused by something that has made up its mind, and stays so. */
function refusing({ call }: Wrapped): Competitor {
  const caught = () => call().then(undefined, () => undefined);
  return { round: ({ ms }) => sequential(caught, ms!, 128) };
}

const direct = (action: peers.Action): Wrapped => ({ call: action });
const GET = { method: 'GET', path: '/orders/7' } as const; // some filters look at nothing else
const busy = { policy: { defaults: { attempt: { timeout: '1s' } } } } as const;

/** Everything that calls, by the name it has in the table. */
export const competitors: Readonly<Record<string, Opening>> = {
  bare: () => calling(works),
  'bare, twin': () => calling(works),
  'mesh, every filter off': async () => calling((await through(works, mesh(SLOTS))).call),
  'mesh, defaults': async () => calling((await through(works)).call),
  'mesh, and headers that are read': async () => {
    const calls = await mesh();
    return calling(() =>
      calls.call('orders', ({ headers }) => (headers.traceparent === undefined ? fails() : works())),
    );
  },
  'mesh, and a timeout per attempt': async () => calling((await through(works, mesh([], busy))).call),
  ...Object.fromEntries(
    SLOTS.map((slot) => [`mesh without ${slot}`, async () => calling((await through(works, mesh([slot]))).call)]),
  ),
  ...Object.fromEntries(
    Object.entries(ON).map(([name, { policy = {}, options }]) => [
      `mesh with ${name}`,
      async () => {
        const calls = await mesh([], { policy: { defaults: policy }, ...(await options?.()) });
        return calling(() => calls.call('orders', works, GET));
      },
    ]),
  ),
  'opossum alone': () => calling(peers.opossum(works).call),
  'cockatiel, breaker alone': () => calling(peers.cockatielBreaker(works).call),
  'cockatiel, all but timeout': () => calling(peers.cockatielWithoutTimeout(works).call),
  'cockatiel, all': () => calling(peers.cockatiel(works).call),
  'p-limit + p-retry + opossum': () => calling(peers.threeTogether(works).call),

  'bare, failing': () => failing(direct),
  'mesh, failing': () => failing((action) => through(action)),
  'mesh, failing, 10,000 calls before': () => failing((action) => through(action)),
  'cockatiel breaker, failing': () => failing(peers.cockatielBreaker),
  'opossum, failing': () => failing(peers.opossum),
  'opossum, failing, 10,000 calls before': () => failing(peers.opossum),

  'mesh, no endpoints': async () => refusing(await through(works, mesh(), 'nobody')),
  'opossum, open': () => refusing(peers.openOpossum(works)),
  'cockatiel, open': () => refusing(peers.openCockatiel(works)),
};
