import { monitorEventLoopDelay } from 'node:perf_hooks';
import { through } from '../call/meshes.ts';
import * as peers from '../call/peers.ts';
import type { Competitor, Figures, Opening } from '../kit/competitor.ts';

const PER_SECOND = 5_000;
const down = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** An action that answers on the next turn of the event loop, and now and then with an error. */
class Flaky {
  failing = 0;
  #calls = 0;

  readonly call: peers.Action = () =>
    new Promise((resolve, reject) => {
      const fails = this.failing > 0 && ++this.#calls % Math.round(1 / this.failing) === 0;
      setImmediate(() => (fails ? reject(down) : resolve(1)));
    });
}

/** So many calls a second for about `ms`, as a server would make them: whether or not the last ones have ended. */
async function paced(call: peers.Action, ms: number): Promise<Figures> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  const begun = performance.now();
  let made = 0;
  delay.enable();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const passed = performance.now() - begun;
      for (const due = (Math.min(passed, ms) * PER_SECOND) / 1_000; made < due; made++) call().catch(() => {});
      if (passed < ms) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - begun;
  return {
    cpuPercent: (user + system) / 10 / wallMs,
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
    calls: made,
  };
}

function under(wrap: (action: peers.Action) => peers.Wrapped | Promise<peers.Wrapped>): Opening {
  return async (): Promise<Competitor> => {
    const flaky = new Flaky();
    const { call } = await wrap(flaky.call);
    return {
      round({ ms, failing }) {
        flaky.failing = failing!;
        return paced(call, ms!);
      },
    };
  };
}

/** Everything that calls a service which is not well, by the name it has in the table. */
export const competitors: Readonly<Record<string, Opening>> = {
  bare: under((action) => ({ call: action })),
  'bare, twin': under((action) => ({ call: action })),
  'mesh, defaults': under((action) => through(action)),
  'cockatiel, breaker alone': under(peers.cockatielBreaker),
  'opossum, defaults': under(peers.opossum),
};
