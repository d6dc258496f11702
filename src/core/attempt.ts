import type { Attempt, Call } from './call.ts';
import type { Context } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import type { Scope } from './scope.ts';

/** Writes the headers of an attempt into an object of their own. */
export type WriteHeaders = (call: Call<unknown>, context: Context) => Record<string, string>;

/** An attempt that makes its headers and its AbortSignal only when somebody asks for them. */
export class OutgoingAttempt implements Attempt {
  /** All that is known of the call; for our own transport, which needs no AbortSignal. */
  readonly context: Context;
  readonly #call: Call<unknown>;
  readonly #write: WriteHeaders | undefined;
  #headers: Record<string, string> | undefined = undefined;

  /** Without `write` those of the call are copied: the client may add to them. */
  constructor(call: Call<unknown>, context: Context, write?: WriteHeaders) {
    this.context = context;
    this.#call = call;
    this.#write = write;
  }

  get headers(): Record<string, string> {
    this.#headers ??= this.#write?.(this.#call, this.context) ?? { ...this.#call.headers };
    return this.#headers;
  }

  get url(): string {
    return this.context.flight!.node.endpoint.url;
  }

  get signal(): AbortSignal {
    return this.context.scope.signal;
  }

  get attempt(): number {
    return this.context.attempt;
  }

  get endpoint(): Endpoint {
    return this.context.flight!.node.endpoint;
  }

  get timeoutMs(): number {
    return this.context.scope.due - this.context.flight!.at;
  }

  get scope(): Scope {
    return this.context.scope;
  }
}
