import type { Context } from './context.ts';
import { judge, judgeError } from './judge.ts';
import type { Outcome } from './outcome.ts';

/** Who wants to know what a call came to. */
export interface Follower {
  over(outcome: Outcome, context: Context): void;
}

/** A call on its way through a filter. It ends once: by its answer, or by being called off, also when its client never lets go. */
export class Passage {
  readonly #context: Context;
  readonly #follower: Follower;
  #ended = false;

  constructor(context: Context, follower: Follower) {
    this.#context = context;
    this.#follower = follower;
  }

  /** Looks at an answer without standing in its way: gives back the very promise. */
  watch<Res>(answer: Promise<Res>): Promise<Res> {
    answer.then(
      (value) => {
        if (!this.#ended) this.#end(judge(this.#context, value));
      },
      (error) => {
        if (!this.#ended) this.#end(judgeError(this.#context, error));
      },
    );
    // After those below, who keep account of the attempt: what it held is free by now.
    if (!this.#ended) this.#context.scope.onCancel(this);
    return answer;
  }

  calledOff(reason: unknown): void {
    if (!this.#ended) this.#end(judgeError(this.#context, reason));
  }

  #end(outcome: Outcome): void {
    this.#ended = true;
    this.#context.scope.offCancel(this);
    this.#follower.over(outcome, this.#context);
  }
}
