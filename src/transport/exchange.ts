import { AsyncResource } from 'node:async_hooks';
import type { OutgoingAttempt } from '../core/attempt.ts';
import { ResponseBody } from './body.ts';
import { bodyFailed, brokenOff, type Destination, neverAnswered, neverSent } from './failure.ts';
import type { Fields } from './headers.ts';
import type { Source } from './payload.ts';
import { MeshResponse } from './response.ts';
import type { Controller, Handler } from './undici.ts';

/** One request and its answer, as undici tells of them. Called off, it closes its connection. */
export class Exchange implements Handler {
  readonly #attempt: OutgoingAttempt;
  readonly #signal: AbortSignal | undefined;
  readonly #source: Source | undefined;
  readonly #resolve: (answer: MeshResponse) => void;
  readonly #reject: (error: unknown) => void;
  // A connection belongs to the request that it was made for; who listens to a body is not to find themselves in that one.
  readonly #within = new AsyncResource('InmeshExchange', { requireManualDestroy: true });
  #over = false; // whether it was answered, failed or called off
  #controller: Controller | undefined;
  #answer: MeshResponse | undefined;
  /** Whether undici would not have it, as a header or the method is not as it must be. */
  refused = false;

  constructor(
    attempt: OutgoingAttempt,
    signal: AbortSignal | undefined,
    source: Source | undefined,
    resolve: (answer: MeshResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#attempt = attempt;
    this.#signal = signal;
    this.#source = source;
    this.#resolve = resolve;
    this.#reject = reject;
    attempt.context.scope.onCancel(this);
  }

  onRequestStart(controller: Controller): void {
    // Called off while it waited: thrown here, nothing is sent and the connection stays good for others.
    if (this.#over) throw CALLED_OFF;
    this.#controller = controller;
  }

  onResponseStart(controller: Controller, status: number, headers: unknown, statusText = ''): void {
    if (status < 200 || this.#over) return; // 1xx: more is to come
    this.#over = true;
    this.#attempt.context.scope.offCancel(this); // the deadline ends here; only the caller's signal goes on
    const body = new ResponseBody(controller);
    this.#answer = new MeshResponse(status, statusText, headers as Fields, body, this.#attempt.url);
    this.#signal?.addEventListener('abort', this);
    this.#resolve(this.#answer);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    const body = this.#answer?.body;
    if (body !== undefined) this.#within.runInAsyncScope(body.push, body, chunk);
  }

  onResponseEnd(_controller: Controller, trailers: unknown): void {
    const answer = this.#answer!;
    this.#unlink();
    answer.trailers = trailers as Fields;
    this.#within.runInAsyncScope(answer.body.end, answer.body);
  }

  onResponseError(controller: Controller | null, error: unknown): void {
    this.refused = controller === null;
    if (!this.#over) {
      this.#over = true;
      this.#attempt.context.scope.offCancel(this);
      this.#reject(this.#failure(error));
    } else if (this.#answer !== undefined) {
      this.#unlink();
      const { body } = this.#answer;
      this.#within.runInAsyncScope(body.fail, body, brokenOff(error, destination(this.#attempt)));
    }
  }

  /** The attempt was called off. */
  calledOff(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reject(reason);
    this.#controller?.abort(reason as Error);
  }

  /** The caller's signal was aborted while the body was on its way. */
  handleEvent(): void {
    if (!this.#attempt.context.history.shared) this.#answer?.body.destroy(this.#signal!.reason);
  }

  #failure(error: unknown): unknown {
    const to = destination(this.#attempt);
    if (this.#controller === undefined) return neverSent(error, to);
    return this.#source?.failed ? bodyFailed(this.#source.error, to) : neverAnswered(error, to);
  }

  #unlink(): void {
    this.#signal?.removeEventListener('abort', this);
  }
}

const CALLED_OFF = new Error('called off before it was sent');

function destination({ context, endpoint }: OutgoingAttempt): Destination {
  const { attempt, transport } = context.policy;
  return {
    service: context.service,
    address: endpoint.address,
    connectMs: attempt.connect,
    idleMs: transport.idle,
  };
}
