import type { Call } from '../core/call.ts';
import { type Context, copy } from '../core/context.ts';
import { discard } from '../core/outcome.ts';
import { type CancelListener, Scope } from '../core/scope.ts';
import { ask, type Service } from '../core/service.ts';

/** One request that several callers wait for. It goes on as long as one of them does, and has as long as the last. */
export class SharedCall<Res> {
  readonly #next: Service<Call<Res>, Res>;
  readonly #call: Call<Res>;
  readonly #context: Context;
  readonly #scope: Scope;
  readonly #waiting = new Set<Waiter<Res>>();
  readonly #first: Waiter<Res>;
  #over: (() => void) | undefined;
  #reading: Res | undefined; // the answer, while it comes

  /** `call` and `context` are of the first who asks; `over` hears when nobody may join any more. */
  constructor(next: Service<Call<Res>, Res>, call: Call<Res>, context: Context, over: () => void) {
    this.#next = next;
    this.#call = call;
    this.#context = context;
    this.#scope = new Scope(context.scope.due);
    this.#over = over;
    this.#first = new Waiter(this, call, context);
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Sends it, for the first who asks. */
  begin(): Promise<Res> {
    const own = copy(this.#context);
    own.scope = this.#scope;
    const promise = this.#wait(this.#first);
    ask(this.#next, this.#call, own).then(
      (value) => this.#answered(value),
      (error) => this.#failed(error),
    );
    return promise;
  }

  /** One more asks for the same. */
  join(call: Call<Res>, context: Context): Promise<Res> {
    this.#context.history.shared = true;
    this.#scope.due = Math.max(this.#scope.due, context.scope.due);
    return this.#wait(new Waiter(this, call, context));
  }

  /** One of them waits no more. */
  leave(waiter: Waiter<Res>, reason: unknown): void {
    this.#waiting.delete(waiter);
    waiter.reject(reason);
    if (this.#waiting.size > 0) return;
    this.#close();
    this.#scope.cancel(reason);
    discard(this.#reading);
  }

  #wait(waiter: Waiter<Res>): Promise<Res> {
    this.#waiting.add(waiter);
    return waiter.promise;
  }

  #close(): void {
    this.#over?.();
    this.#over = undefined;
  }

  #answered(value: Res): void {
    this.#close(); // who asks from now on wants a newer answer
    if (this.#waiting.size === 0) discard(value);
    else if (this.#context.history.shared) void this.#share(value);
    else this.#end((waiter) => waiter.resolve(value));
  }

  async #share(value: Res): Promise<void> {
    const { bytes } = this.#context.policy.collapse;
    this.#reading = value;
    const kept = await this.#call.request!.keeper!.gather(value, bytes).catch(() => undefined);
    this.#reading = undefined;
    if (kept !== undefined) return this.#end((waiter) => waiter.resolve(kept.copy({})));
    const isFirstThere = this.#waiting.has(this.#first);
    this.#context.history.shared = false; // what is left of it is the first one's alone, to be read and to be broken off
    if (!isFirstThere) discard(value);
    this.#end((waiter) =>
      waiter.resolve(waiter === this.#first ? value : ask(this.#next, waiter.call, waiter.context)),
    );
  }

  #failed(error: unknown): void {
    this.#close();
    this.#end((waiter) => waiter.reject(error));
  }

  #end(settle: (waiter: Waiter<Res>) => void): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#scope.end();
    for (const waiter of all) {
      waiter.context.scope.offCancel(waiter);
      settle(waiter);
    }
  }
}

/** Somebody who waits for it. */
class Waiter<Res> {
  readonly call: Call<Res>;
  readonly context: Context;
  readonly promise: Promise<Res>;
  resolve!: (value: Res | Promise<Res>) => void;
  reject!: (error: unknown) => void;
  readonly #shared: SharedCall<Res>;

  constructor(shared: SharedCall<Res>, call: Call<Res>, context: Context) {
    this.#shared = shared;
    this.call = call;
    this.context = context;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    context.scope.onCancel(this satisfies CancelListener);
  }

  calledOff(reason: unknown): void {
    this.#shared.leave(this, reason);
  }
}
