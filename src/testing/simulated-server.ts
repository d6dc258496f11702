import type { OutgoingAttempt } from '../core/attempt.ts';
import type { Clock } from '../core/clock.ts';
import type { Finding } from '../core/probe.ts';
import type { Random } from '../core/random.ts';
import { WELL } from '../health/finding.ts';
import { type Answer, answer, refused } from './script.ts';

/** How a simulated server behaves. All of it may change while the simulation runs. */
export interface ServerModel {
  /** Milliseconds that half of the answers take less than. 10 unless told. */
  ms: number;
  /** How far answers spread: the sigma of their lognormal distribution; 0 makes all equal. 0.4 unless told. */
  spread: number;
  /** How answers are distributed: about `ms` by `spread`, or with no memory, half of them below `ms`. `lognormal` unless told. */
  shape: 'lognormal' | 'exponential';
  /** Requests worked on at once; the others queue. 32 unless told. */
  workers: number;
  /** The share of requests that fail, from 0 to 1. 0 unless told. */
  failing: number;
  /** What a failed request answers. 503 unless told. */
  status: number;
  /** Milliseconds that a failed request takes. 1 unless told: failing is fast. */
  failingMs: number;
  /** The share of requests that take long although nothing is wrong, from 0 to 1. 0 unless told. */
  tail: number;
  /** Milliseconds that those take, at least and at most. 200 to 500 unless told. */
  tailMs: readonly [least: number, most: number];
  /** `refusing`: nobody listens. `dead`: not even a refusal comes back. `hanging`: takes requests, never answers. */
  is: 'up' | 'refusing' | 'dead' | 'hanging';
}

const USUAL: ServerModel = {
  ms: 10,
  spread: 0.4,
  shape: 'lognormal',
  workers: 32,
  failing: 0,
  status: 503,
  failingMs: 1,
  tail: 0,
  tailMs: [200, 500],
  is: 'up',
};
const WIRE_MS = 0.25; // one way, within one data centre

interface Job {
  readonly attempt: OutgoingAttempt;
  readonly resolve: (answer: Answer) => void;
}

/** A server that exists only in virtual time: workers, a queue before them, and bad days. */
export class SimulatedServer {
  readonly model: ServerModel;
  /** Requests that have reached it, refused ones counted. */
  asked = 0;
  /** Requests it has answered well. */
  served = 0;
  /** The most requests it ever held at once. */
  peak = 0;
  #held = 0;
  #busy = 0;
  readonly #queue: Job[] = [];
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random, model: Partial<ServerModel>) {
    this.#clock = clock;
    this.#random = random;
    this.model = { ...USUAL, ...model };
  }

  /** Answers one attempt, as a client would see it; a client that gives up is believed. */
  send(attempt: OutgoingAttempt): Promise<Answer> {
    this.asked++;
    const { is } = this.model;
    if (is === 'refusing') return this.#later(attempt, WIRE_MS * 2, refused);
    if (is === 'dead') return this.#later(attempt, attempt.context.policy.attempt.connect, unreachable);
    this.peak = Math.max(this.peak, ++this.#held);
    return new Promise<Answer>((resolve, reject) => {
      attempt.scope.onCancel(reject);
      if (is === 'up') this.#clock.schedule(WIRE_MS, () => this.#take({ attempt, resolve }));
    }).finally(() => this.#held--);
  }

  /** Answers an active check, where it would answer at all. */
  check(): Promise<Finding> {
    const { is } = this.model;
    return new Promise((resolve, reject) => {
      if (is === 'dead' || is === 'hanging') return; // the check has its own time
      this.#clock.schedule(WIRE_MS * 2, () => (is === 'up' ? resolve(WELL) : reject(refused())));
    });
  }

  /** Starts its counts anew. */
  forget(): void {
    this.asked = this.served = 0;
    this.peak = this.#held;
  }

  #later(attempt: OutgoingAttempt, ms: number, error: () => Error): Promise<never> {
    return new Promise((_resolve, reject) => {
      const timer = this.#clock.schedule(ms, () => reject(error()));
      attempt.scope.onCancel((reason) => {
        timer.cancel();
        reject(reason);
      });
    });
  }

  #take(job: Job): void {
    if (this.#busy < this.model.workers) this.#work(job);
    else this.#queue.push(job);
  }

  #work({ attempt, resolve }: Job): void {
    this.#busy++;
    const fails = this.#random.next() < this.model.failing;
    this.#clock.schedule(fails ? this.model.failingMs : this.#serviceMs(), () => {
      this.#busy--;
      if (!attempt.scope.cancelled) {
        if (!fails) this.served++;
        this.#clock.schedule(WIRE_MS, () => resolve(answer(fails ? this.model.status : 200)));
      }
      this.#next();
    });
  }

  #next(): void {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (job.attempt.scope.cancelled) continue;
      this.#work(job);
      break;
    }
  }

  /** Lognormal, after Box and Muller; exponential; or of the tail. */
  #serviceMs(): number {
    const { ms, spread, shape, tail, tailMs } = this.model;
    if (tail > 0 && this.#random.next() < tail) return tailMs[0] + (tailMs[1] - tailMs[0]) * this.#random.next();
    if (shape === 'exponential') return (-Math.log(1 - this.#random.next()) * ms) / Math.LN2;
    if (spread === 0) return ms;
    const [one, other] = [1 - this.#random.next(), this.#random.next()];
    return ms * Math.exp(spread * Math.sqrt(-2 * Math.log(one)) * Math.cos(2 * Math.PI * other));
  }
}

const unreachable = (): Error => Object.assign(new Error('Connect Timeout Error'), { code: 'UND_ERR_CONNECT_TIMEOUT' });
