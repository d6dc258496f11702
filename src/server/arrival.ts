import type { IncomingMessage } from 'node:http';
import type { Wire } from '../core/incoming.ts';
import type { IncomingHeaders } from './fields.ts';
import type { Problem } from './problem.ts';
import type { RequestContext, Routed } from './request-context.ts';

/** A request that has come in, in the words of no framework. Bodies are nobody's business on the way in. */
export interface Arrival extends Routed {
  /** The path and query, as they came. */
  readonly path: string;
  /** Headers by lower-case name, as Node has them. */
  readonly headers: IncomingHeaders;
  /** Node's own request, where there is one and `request` is another. Who calls may be known by its connection. */
  readonly incoming?: IncomingMessage | undefined;
  /** Takes headers away, so that who answers does not see them; where `request` is Node's, that is done for you. */
  hide?(names: readonly string[]): void;
  /** What is seen of it on the wire, for those who watch; nothing where the server does not say. */
  readonly wire?: Wire | undefined;
  /** Tells when the caller hangs up before it has its answer. */
  onHangUp(tell: () => void): void;
  /** Hands the request to who answers it; settles when that is over. */
  serve(context: RequestContext): Promise<unknown>;
  /** Hears what went wrong once it was handed over, where nobody waits for what `receive` comes to. */
  failed?(error: unknown): void;
  /** Answers in the place of who would have. */
  refuse(problem: Problem): unknown;
}

/** Who takes requests in: a mesh, as adapters of frameworks see it. */
export interface MeshReceiver {
  /** Takes a request in; see `Mesh`. */
  receive(arrival: Arrival): Promise<unknown>;
}
