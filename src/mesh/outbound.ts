import { collapse, collapsesNothing } from '../answers/collapse.ts';
import { fallback } from '../answers/fallback.ts';
import { circuit, guardsNothing } from '../circuit/circuit.ts';
import type { Call } from '../core/call.ts';
import { Stack } from '../core/stack.ts';
import { attempt, boundsNothing } from '../filters/attempt.ts';
import { authenticate, provesNothing } from '../filters/authenticate.ts';
import { deadline } from '../filters/deadline.ts';
import { fault, injectsNothing } from '../filters/fault.ts';
import { hedge, sendsOnce } from '../filters/hedge.ts';
import { endpointLimit, limit, limitsNoEndpoint, limitsNothing } from '../filters/limit.ts';
import { copiesNothing, mirror } from '../filters/mirror.ts';
import { outlier } from '../filters/outlier.ts';
import { propagate } from '../filters/propagate.ts';
import { retry } from '../filters/retry.ts';
import { route } from '../filters/route.ts';
import { changesNothing, strategy } from '../filters/strategy.ts';
import { throttle, throttlesNothing } from '../filters/throttle.ts';
import { trace } from '../filters/trace.ts';
import { health } from '../health/health.ts';
import { quota, rationsNothing } from '../quota/quota.ts';
import type { Parts } from './parts.ts';
import { sendService } from './send.ts';

/** A stack of the outbound way. */
export type OutboundStack = Stack<Call<unknown>, unknown>;

/** The way of a call, from the caller to the balancer: once for each call. One stack for each service called. */
export const clusterStack = ({
  env,
  circuits,
  budget,
  answers,
  failbacks,
  known,
  shared,
  hedges,
  isOther,
  nodes,
  quotas,
  mirrors,
  around,
  throttling,
  limits,
  checks,
}: Parts): OutboundStack =>
  new Stack<Call<unknown>, unknown>([
    { name: 'trace', filter: trace(env) }, // outermost: one trace covers all tries
    { name: 'strategy', filter: strategy({ env, nodes, known }), idle: changesNothing }, // above all that it changes; each endpoint of a broadcast is a call of its own
    { name: 'fallback', filter: fallback(env, answers, failbacks) }, // above all that may fail, the deadline first of all
    { name: 'deadline', filter: deadline(env) }, // above retry: all tries share one time limit
    { name: 'collapse', filter: collapse(env, shared), idle: collapsesNothing }, // below deadline: each who waits has its own; above all that counts what is sent
    { name: 'fault', filter: fault(env, around.self), idle: injectsNothing }, // below deadline, which a delay may use up; above all that it is to try
    { name: 'route', filter: route(env, around) }, // above all that belongs to the service it really goes to
    { name: 'mirror', filter: mirror(env, mirrors, around.reach), idle: copiesNothing }, // below route: it copies what is really sent
    { name: 'authenticate', filter: authenticate(env), idle: provesNothing }, // below deadline: a token may be waited for; above retry: all tries show one
    { name: 'quota', filter: quota(env, quotas), idle: rationsNothing }, // above retry: a call counts once; above circuit: what never went proves nothing
    { name: 'circuit', filter: circuit(env, circuits), idle: (policy) => guardsNothing(env, policy) }, // above retry: a call is one verdict, however often it was tried
    { name: 'retry', filter: retry(env, budget) }, // above the balancer: each try is sent elsewhere
    { name: 'health', filter: health(checks) }, // above the balancer, who goes by what is found; it only hears that there are calls
    { name: 'hedge', filter: hedge({ env, budget, hedges, isOther }), idle: sendsOnce }, // below retry: both draw on one budget
    { name: 'throttle', filter: throttle(env, throttling), idle: throttlesNothing }, // below retry: each refusal counts, and what is not made is not tried again
    { name: 'limit', filter: limit(env, limits), idle: limitsNothing }, // last: what waits for room has been through everything else
  ]);

/** The way of a call, from the balancer to the wire: once for each attempt. */
export const endpointStack = ({ env, judgement }: Parts): OutboundStack =>
  new Stack<Call<unknown>, unknown>([
    { name: 'limit', filter: endpointLimit(env), idle: limitsNoEndpoint }, // above outlier: a full endpoint is not blamed for being full
    { name: 'outlier', filter: outlier(env, judgement) }, // above attempt: a timeout counts against the endpoint
    { name: 'attempt', filter: attempt(env), idle: boundsNothing }, // ends what is below it when the time is up
    { name: 'propagate', filter: propagate(env, sendService) }, // last: it writes what the others decided
  ]);
