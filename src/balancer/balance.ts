import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Live } from '../core/live.ts';
import type { Node } from '../core/node.ts';
import { awaiting, type Resolution } from '../core/resolution.ts';
import { hasRoom } from '../core/room.ts';
import { ask, refuse, type Service } from '../core/service.ts';
import { AttemptFlight } from './flight.ts';
import type { Group } from './group.ts';
import type { Nodes } from './nodes.ts';
import { pick } from './pick.ts';
import { isRoomFor, pickWithRoom } from './room.ts';
import type { Turn, View } from './view.ts';

/**
 * The hinge of the way: chooses an endpoint for each attempt, and sees when the attempt starts and how it ends. `registry` is
 * what errors call the place where the list comes from.
 */
export function balance<Req, Res>(
  env: Env,
  nodes: Nodes,
  resolution: Live<Resolution>,
  endpoint: Service<Req, Res>,
  registry = '',
): Service<Req, Res> {
  const { clock, random } = env;
  const untilKnown = awaiting(clock, resolution);

  const choose = (context: Context, now: number): Node | undefined => {
    const { policy, history, key } = context;
    const asked = nodes.asked(policy);
    const turn = asked.reckon(policy, now);
    if (turn !== undefined) tell(env, context, asked, nodes.live.size, turn);
    const view = asked.now;
    const node = pick(view, history.tried, policy.balance, now, random, key, policy.hash);
    if (policy.limit.endpoint === 0 || node === undefined || hasRoom(node, policy.limit, history.priority)) return node;
    return pickWithRoom(view, context, now, random);
  };

  return (request, context) => {
    if (context.scope.cancelled) return refuse(context.scope.reason); // it is over: nothing is sent any more
    const now = context.history.fresh ? context.begunAt : clock.now();
    const node = context.history.target ?? choose(context, now);
    if (node !== undefined) return fly(env, endpoint, request, context, node, now);
    if (resolution.value.is !== 'pending') return refuse(nobody(context, resolution.value, nodes, registry));
    return untilKnown(context).then(() => {
      const later = clock.now();
      const found = choose(context, later);
      if (found === undefined) throw nobody(context, resolution.value, nodes, registry);
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

function tell(
  { events, clock }: Env,
  { service, policy }: Context,
  asked: View,
  all: number,
  { panic, spill, aperture, subset }: Turn,
): void {
  const facts = { at: clock.epoch(), service };
  if (subset && events.hears('subset')) {
    const having = asked.whole.live.size;
    const labels = `${asked.subset}`;
    const { fallback } = asked.subset!;
    events.emit({ ...facts, type: 'subset', on: having === 0, labels, having, endpoints: all, fallback });
  }
  const view = asked.now;
  const { live, ready } = view.whole;
  if (panic && events.hears('panic')) {
    events.emit({ ...facts, type: 'panic', on: view.panic, healthy: ready.size, endpoints: live.size });
  }
  if (aperture && events.hears('aperture')) {
    events.emit({ ...facts, type: 'aperture', endpoints: live.size, of: all });
  }
  if (spill && events.hears('spill')) events.emit({ ...facts, type: 'spill', levels: view.facts(policy).levels });
}

function nobody(context: Context, resolution: Resolution, nodes: Nodes, registry: string): MeshError {
  const { service, policy, history } = context;
  const facts = { sent: 'no', service, attempts: history.reports } as const;
  if (policy.limit.endpoint > 0 && !isRoomFor(1, nodes.view(policy), context)) {
    return new MeshError('limit', `${service}: every endpoint has as many calls under way as it may`, facts);
  }
  const unlisted = resolution.is === 'unknown' || nodes.size === 0;
  const where = unlisted && registry !== '' ? ` (${registry})` : ''; // the other side may have another
  const why = whyNobody(resolution, nodes, nodes.view(policy).whole);
  return new MeshError('no-endpoints', `${service}: ${why}${where}`, facts);
}

/** Why there is nobody to call. */
export function whyNobody(resolution: Resolution, { size, live }: Nodes, seen: Group): string {
  if (resolution.is === 'unknown') return 'not known in the registry';
  if (size === 0) return 'no endpoints';
  if (live.size === 0) return `no endpoint takes calls, all ${size} have weight 0`;
  if (seen.live.size === 0) return `none of ${live.size} endpoints has the labels of the subset`;
  return `all ${seen.live.size} endpoints are out of rotation`;
}
