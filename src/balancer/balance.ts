import type { Context, History } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { judge, judgeError } from '../core/judge.ts';
import type { Live } from '../core/live.ts';
import type { Node } from '../core/node.ts';
import type { Outcome } from '../core/outcome.ts';
import { race } from '../core/race.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Service } from '../core/service.ts';
import type { Nodes } from './nodes.ts';
import { isPanic, pick } from './pick.ts';

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
    return pick(nodes, context.history.tried, balance, now, random);
  };

  const send = (request: Req, context: Context, node: Node, now: number): Promise<Res> => {
    begin(node, context.history);
    const trying = { ...context, node, attemptAt: now };
    return endpoint(request, trying).then(
      (value) => {
        end(env, trying, node, judge(trying, value));
        return value;
      },
      (error) => {
        end(env, trying, node, judgeError(trying, error));
        throw error;
      },
    );
  };

  return (request, context) => {
    const now = clock.now();
    const node = choose(context, now);
    if (node !== undefined) return send(request, context, node, now);
    if (resolution.value.is !== 'pending') return Promise.reject(nobody(context, resolution.value, nodes));
    waiting ??= known(resolution); // one for all that wait
    return race(waiting, context.scope).then(() => {
      const later = clock.now();
      const found = choose(context, later);
      if (found === undefined) throw nobody(context, resolution.value, nodes);
      return send(request, context, found, later);
    });
  };
}

function begin(node: Node, history: History): void {
  node.inFlight++;
  node.calls++;
  if (history.tried.length === 0) history.tried = [node];
  else history.tried.push(node);
}

function end(env: Env, context: Context, node: Node, outcome: Outcome): void {
  const now = env.clock.now();
  const ms = now - context.attemptAt;
  const { decay, penalty } = context.policy.balance;
  node.inFlight--;
  if (outcome.is === 'failure') node.latency.observe(Math.max(ms, penalty, node.latency.read(now, decay)), now, decay);
  // A call that was called off says only that the answer would have taken longer still.
  else if (outcome.is === 'success' || ms > node.latency.read(now, decay)) node.latency.observe(ms, now, decay);
  if (outcome.is !== 'success') report(context, node, outcome, ms);
  if (env.events.heard) tellAttempt(env, context, node, outcome, ms);
}

function report({ history, attempt }: Context, node: Node, { is, why, sent }: Outcome, ms: number): void {
  const entry = { attempt, endpoint: node.endpoint.address, outcome: is, why, sent, ms };
  if (history.reports.length === 0) history.reports = [entry];
  else history.reports.push(entry);
}

function tellAttempt(
  { events, clock }: Env,
  context: Context,
  node: Node,
  { is, why, sent }: Outcome,
  ms: number,
): void {
  const { service, attempt } = context;
  const endpoint = node.endpoint.address;
  events.emit({ at: clock.epoch(), type: 'attempt', service, attempt, endpoint, outcome: is, why, sent, ms });
}

function tellPanic({ events, clock }: Env, { service }: Context, { ready, live }: Nodes, on: boolean): void {
  if (!events.heard) return;
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
  const why =
    resolution.is === 'unknown'
      ? 'not known in the registry'
      : nodes.size === 0
        ? 'no endpoints'
        : nodes.live.size === 0
          ? `no endpoint takes calls, all ${nodes.size} have weight 0`
          : `all ${nodes.live.size} endpoints are out of rotation`;
  return new MeshError('no-endpoints', `${service}: ${why}`, { sent: 'no', service, attempts: history.reports });
}
