import type { Attempt, Call } from './call.ts';
import type { Context } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import type { Scope } from './scope.ts';

/** An attempt that makes its AbortSignal only when somebody asks for it. */
export class OutgoingAttempt implements Attempt {
  readonly headers: Record<string, string>;
  /** All that is known of the call; for our own transport, which needs no AbortSignal. */
  readonly context: Context;

  constructor(call: Call<unknown>, context: Context) {
    this.headers = call.headers as Record<string, string>; // made for this attempt by `propagate`
    this.context = context;
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
