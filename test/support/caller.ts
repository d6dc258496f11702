import { OutgoingAttempt } from '../../src/core/attempt.ts';
import type { Caller, CallOptions, Send } from '../../src/core/call.ts';
import { type Context, History } from '../../src/core/context.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import type { Env } from '../../src/core/env.ts';
import type { Node } from '../../src/core/node.ts';
import { discard, outcomeOf, outcomeOfError } from '../../src/core/outcome.ts';
import { follow, Scope } from '../../src/core/scope.ts';
import { checkServiceName } from '../../src/discovery/names.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicyDocument } from '../../src/policy/table.ts';
import { testEnv } from '../../src/testing/env.ts';

/** What a test may want of the little mesh it calls through. */
export interface CallerOptions {
  readonly env?: Env;
  readonly policy?: PolicyDocument;
  /** Attempts in all, each to the next URL of the list, after what may be sent again. */
  readonly attempts?: number;
}

/** The least that a transport needs of a mesh: a scope, a policy, and attempts one after the other. */
export class TestCaller implements Caller {
  readonly env: Env;
  readonly policies: PolicySet;
  /** The options of each call, first to last. */
  readonly calls: (CallOptions & { readonly service: string })[] = [];
  /** The scope of the call made last. */
  scope = new Scope();
  readonly #urls: Readonly<Record<string, readonly string[]>>;
  readonly #attempts: number;

  constructor(urls: Readonly<Record<string, readonly string[]>>, options: CallerOptions = {}) {
    this.env = options.env ?? testEnv();
    this.policies = new PolicySet(options.policy);
    this.#urls = urls;
    this.#attempts = options.attempts ?? 1;
  }

  async call<Res>(service: string, send: Send<Res>, options: CallOptions = {}): Promise<Res> {
    checkServiceName(service);
    this.calls.push({ ...options, service });
    const scope = new Scope();
    this.scope = scope;
    const unfollow = options.signal && follow(options.signal, scope);
    try {
      for (let attempt = 1; ; attempt++) {
        const context = this.#context(service, scope, attempt);
        const headers = { 'x-attempt': String(attempt) };
        const call = { send, method: options.method, path: options.path, headers };
        try {
          if (scope.cancelled) throw scope.reason;
          const value = await send(new OutgoingAttempt(call, context));
          const { status } = outcomeOf(value, () => false);
          if (status !== 503 || !this.#again(attempt, options)) return value;
          discard(value);
        } catch (error) {
          const neverSent = outcomeOfError(error, () => false).sent === 'no';
          if (scope.cancelled || attempt >= this.#attempts || !(neverSent || this.#again(attempt, options)))
            throw error;
        }
      }
    } finally {
      unfollow?.();
    }
  }

  #again(attempt: number, { idempotent, replayable }: CallOptions): boolean {
    return attempt < this.#attempts && idempotent === true && replayable !== false;
  }

  #context(service: string, scope: Scope, attempt: number): Context {
    const urls = this.#urls[service] ?? [];
    const url = urls[Math.min(attempt, urls.length) - 1];
    if (url === undefined) throw new Error(`the test has no endpoint for ${service}`);
    const flight = { node: { endpoint: endpoint(url) } as Node, at: 0, trace: undefined, onEnd: () => {} };
    const policy = this.policies.for(service);
    // All that a transport may read of a context.
    return { service, policy, scope, attempt, flight, history: new History() } as unknown as Context;
  }
}
