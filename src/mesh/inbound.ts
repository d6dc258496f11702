import { Stack } from '../core/stack.ts';
import { accept } from '../server/accept.ts';
import type { Arrival } from '../server/arrival.ts';
import { authorize } from '../server/authorize.ts';
import { deadline } from '../server/deadline.ts';
import { health } from '../server/health.ts';
import { identify } from '../server/identify.ts';
import { quota } from '../server/quota.ts';
import { report } from '../server/report.ts';
import { shed } from '../server/shed.ts';
import { trace } from '../server/trace.ts';
import { watch } from '../server/watch.ts';
import type { InboundStack } from '../server/way-in.ts';
import type { InboundParts } from './inbound-parts.ts';

/** The way of a request, from the socket to the handler: once for each request. */
export const inboundStack = ({ env, authority, readiness, quotas, shedding, loop }: InboundParts): InboundStack =>
  new Stack<Arrival, unknown>([
    { name: 'accept', filter: accept() }, // outermost: it lets go of what the others took, also when they refuse
    { name: 'health', filter: health(readiness) }, // above all that may refuse: who is busy is not ill
    { name: 'trace', filter: trace(env) }, // above all that may refuse: a refusal belongs to the trace, too
    { name: 'watch', filter: watch(env) }, // below trace, which knows what led here; above all that may refuse
    { name: 'deadline', filter: deadline(env) }, // above all that costs: nobody waits for what comes too late
    { name: 'identify', filter: identify(env) }, // above all that depends on who calls
    { name: 'authorize', filter: authorize(env, authority) }, // above what rations: who may not come takes nobody's share
    { name: 'quota', filter: quota(quotas) }, // below authorize: it counts by who calls
    { name: 'shed', filter: shed(env, shedding) }, // below all that refuses: only what is going to be served counts as being served
    { name: 'report', filter: report(env, loop) }, // last: it tells of what is served
  ]);
