import type { Env } from '../core/env.ts';
import { Stack } from '../core/stack.ts';
import { accept } from '../server/accept.ts';
import type { Arrival } from '../server/arrival.ts';
import { deadline } from '../server/deadline.ts';
import { health, type Readiness } from '../server/health.ts';
import { shed } from '../server/shed.ts';
import { trace } from '../server/trace.ts';
import { watch } from '../server/watch.ts';
import type { InboundStack } from '../server/way-in.ts';

/** The way of a request, from the socket to the handler: once for each request. */
export const inboundStack = (env: Env, readiness: () => Readiness = () => 'off'): InboundStack =>
  new Stack<Arrival, unknown>([
    { name: 'accept', filter: accept() }, // outermost: it lets go of what the others took, also when they refuse
    { name: 'health', filter: health(readiness) }, // above all that may refuse: who is busy is not ill
    { name: 'trace', filter: trace(env) }, // above all that may refuse: a refusal belongs to the trace, too
    { name: 'watch', filter: watch(env) }, // below trace, which knows what led here; above all that may refuse
    { name: 'deadline', filter: deadline(env) }, // above all that costs: nobody waits for what comes too late
    { name: 'shed', filter: shed(env) }, // last: only what is going to be served counts as being served
  ]);
