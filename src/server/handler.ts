import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { MeshError } from '../core/errors.ts';
import type { MeshReceiver } from './arrival.ts';
import type { Guard } from './guard.ts';
import { isGone, NodeArrival, type NodeRequest, writeProblem } from './node.ts';
import { problemOf } from './problem.ts';
import { RequestContext } from './request-context.ts';
import { writeResponse } from './write-response.ts';

/**
 * Answers a request: gives back a WHATWG `Response`, or nothing, and then answers through `response` in its own time.
 * `request` and `response` are Node's own. What it throws becomes an answer: see `problemOf`.
 */
export type Handler = (
  request: IncomingMessage,
  context: RequestContext,
  response: ServerResponse,
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that answers by hand gives back nothing at all
) => Response | void | Promise<Response | void>;

/** What Node's servers take, of `node:http`, `node:https` and `node:http2`. */
export type Listener = RequestListener & ((request: Http2ServerRequest, response: Http2ServerResponse) => void);

/** The mesh, as a listener of Node's servers sees it. */
export interface Receiver extends MeshReceiver {
  /** What is being served where we are now. */
  readonly current: RequestContext | undefined;
  /** Hears what a handler threw, or a filter when it was too late to refuse. */
  fault(error: unknown, context?: RequestContext): void;
}

/** What Connect and Express take. */
export type ConnectMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Lets every request in before those that `next` leads to; where there is a guard, only whom that lets pass. */
export const middleware =
  (mesh: Receiver, guard?: Guard): ConnectMiddleware =>
  (request, response, next) =>
    enter(mesh, guard, request, response, () => next());

/**
 * Makes a listener of Node's servers of a handler. What has come in by the middleware comes in once.
 * @throws MeshError INVALID_ARGUMENT when it is no function.
 */
export function listener(mesh: Receiver, handler: Handler, guard?: Guard): Listener {
  if (typeof handler !== 'function') throw new MeshError('request', `handler needs a function, got ${typeof handler}`);
  const listen: RequestListener = (request, response) =>
    enter(mesh, guard, request, response, (context) => answer(mesh, handler, request, response, context));
  return listen as Listener; // HTTP/2 has a face that is compatible
}

/** What has come in before goes on; what has not comes in first. */
function enter(
  mesh: Receiver,
  guard: Guard | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  serve: (context: RequestContext) => void,
): void {
  const { current } = mesh;
  const pass = (context: RequestContext): void =>
    guard === undefined ? serve(context) : guard(arrival, context, () => serve(context));
  const arrival = new NodeArrival(mesh, request as NodeRequest, response, pass);
  if (current?.serves(request)) pass(current);
  else void mesh.receive(arrival);
}

function answer(
  mesh: Receiver,
  handler: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
): void {
  try {
    const answered: unknown = handler(request, context, response);
    if (answered === undefined) return; // it answers by hand: no promise is made for that
    Promise.resolve(answered)
      .then((given) => send(response, given))
      .catch((error) => fail(mesh, error, response, context));
  } catch (error) {
    fail(mesh, error, response, context);
  }
}

function send(response: ServerResponse, answered: unknown): Promise<void> | undefined {
  if (answered === undefined) return undefined;
  if (answered instanceof Response) return writeResponse(response, answered);
  if (answered === response || response.headersSent) return undefined;
  throw notAnswer(answered);
}

function fail(mesh: Receiver, error: unknown, response: ServerResponse, context: RequestContext): void {
  if (isHangUp(error, response, context)) return; // there is nobody to be told
  const problem = problemOf(error);
  if (problem.status === 500) mesh.fault(error, context);
  writeProblem(response, problem);
}

/** Else the caller would wait until its deadline for an answer that nobody gives. */
const notAnswer = (answered: unknown): TypeError =>
  new TypeError(
    `a handler gives back a Response, or nothing and answers through its third argument; got ${kindOf(answered)} (Response.json makes an answer of a value)`,
  );

const kindOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? `an object of ${value.constructor?.name ?? 'no class'}` : String(value);

/** What `pipeline` says of who goes while it writes, and of who has gone before. */
const CUT: ReadonlySet<unknown> = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_UNABLE_TO_PIPE']);

/**
 * Whether it is no more than what reading an upload that was broken off comes to, or writing to who has gone. An upload
 * that ended badly for another reason, such as a digest that does not fit, has a caller who waits for an answer; so has a
 * request whose handler read something else that was broken off.
 */
function isHangUp(error: unknown, response: ServerResponse, context: RequestContext): boolean {
  if (!(error instanceof Error)) return false;
  const { req } = response;
  if (req?.aborted && error === req.errored) return true;
  return (
    'code' in error && CUT.has(error.code) && isGone(response) && RequestContext.contextOf(context).scope.cancelled
  );
}
