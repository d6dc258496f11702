import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Live } from '../core/live.ts';
import type { Node } from '../core/node.ts';
import { race } from '../core/race.ts';
import type { Resolution } from '../core/resolution.ts';
import { ask, refuse, type Service } from '../core/service.ts';
import { AttemptFlight } from './flight.ts';
import type { Nodes } from './nodes.ts';
import { isPanic, pick } from './pick.ts';

const FOREVER = Number.MAX_SAFE_INTEGER;

/** The hinge of the way: chooses an endpoint for each attempt, and sees when the attempt starts and how it ends. */
export function balance<Req, Res>(
  env: Env,
  nodes: Nodes,
  resolution: Live<Resolution>,
  endpoint: Service<Req, Res>,
): Service<Req, Res> {
  const { clock, random } = env;
  let panic = false;
  let waiting: Promise<void> | undefined;

  const choose = (context: Context, now: number): Node | undefined => {
    const { balance } = context.policy;
    if (panic !== isPanic(nodes, balance.panic)) {
      panic = !panic;
      tellPanic(env, context, nodes, panic);
    }
    return pick(nodes, context.history.tried, balance, now, random, context.key);
  };

  return (request, context) => {
    if (context.scope.cancelled) return refuse(context.scope.reason); // it is over: nothing is sent any more
    const now = context.history.fresh ? context.begunAt : clock.now();
    const node = choose(context, now);
    if (node !== undefined) return fly(env, endpoint, request, context, node, now);
    if (resolution.value.is !== 'pending') return refuse(nobody(context, resolution.value, nodes));
    waiting ??= known(resolution); // one for all that wait
    const held = clock.schedule(FOREVER, () => {}); // being connected keeps no process alive; that somebody waits does
    return race(waiting, context.scope)
      .finally(() => held.cancel())
      .then(() => {
        const later = clock.now();
        const found = choose(context, later);
        if (found === undefined) throw nobody(context, resolution.value, nodes);
        return fly(env, endpoint, request, context, found, later);
      });
  };
}

/** Sends an attempt on its way, and keeps account of it. */
function fly<Req, Res>(
  env: Env,
  endpoint: Service<Req, Res>,
  request: Req,
  context: Context,
  node: Node,
  now: number,
): Promise<Res> {
  const flight = new AttemptFlight(env, context, node, now);
  const own = copy(context);
  own.flight = flight;
  return landing(flight, ask(endpoint, request, own));
}

/** Looks at an answer without standing in its way: gives back the very promise. First to look, it is first to know. */
function landing<Res>(flight: AttemptFlight, answer: Promise<Res>): Promise<Res> {
  answer.then(
    (value) => flight.answered(value),
    (error) => flight.failed(error),
  );
  return answer;
}

function tellPanic({ events, clock }: Env, { service }: Context, { ready, live }: Nodes, on: boolean): void {
  if (!events.hears('panic')) return;
  events.emit({ at: clock.epoch(), type: 'panic', service, on, healthy: ready.size, endpoints: live.size });
}

/** Settles when something is known about where the service lives. */
function known(resolution: Live<Resolution>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = resolution.watch(({ is }) => {
      if (is === 'pending') return;
      queueMicrotask(() => cancel()); // not at once: the first news comes before `watch` has given us the way to stop
      resolve();
    });
  });
}

function nobody({ service, history }: Context, resolution: Resolution, nodes: Nodes): MeshError {
  const facts = { sent: 'no', service, attempts: history.reports } as const;
  return new MeshError('no-endpoints', `${service}: ${whyNobody(resolution, nodes)}`, facts);
}

function whyNobody(resolution: Resolution, { size, live }: Nodes): string {
  if (resolution.is === 'unknown') return 'not known in the registry';
  if (size === 0) return 'no endpoints';
  if (live.size === 0) return `no endpoint takes calls, all ${size} have weight 0`;
  return `all ${live.size} endpoints are out of rotation`;
}
