import type { OutgoingAttempt } from '../core/attempt.ts';
import type { Clock } from '../core/clock.ts';
import type { Finding } from '../core/probe.ts';
import type { Random } from '../core/random.ts';
import { WELL } from '../health/finding.ts';
import { type Answer, answer, refused } from './script.ts';
import type { SimulatedDoor } from './simulated-door.ts';
import { type ServerModel, USUAL } from './simulated-model.ts';

const WIRE_MS = 0.25; // one way, within one data centre

interface Job {
  readonly attempt: OutgoingAttempt;
  readonly resolve: (answer: Answer) => void;
}

/** A server that exists only in virtual time: workers, a queue before them, and bad days. */
export class SimulatedServer {
  /** How it does, whole: what was said of it, and for the rest what is usual. */
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
  #still: (() => void)[] = []; // what would have happened while it stands still
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #door: SimulatedDoor | undefined;

  /** @internal `simulate` makes it. `door`: the way in to it; where there is none it takes whatever comes. */
  constructor(clock: Clock, random: Random, model: Partial<ServerModel>, door?: SimulatedDoor) {
    this.#clock = clock;
    this.#random = random;
    this.#door = door;
    this.model = { ...USUAL, ...model };
  }

  /** Makes it behave otherwise from now on. */
  change(model: Partial<ServerModel>): void {
    Object.assign(this.model, model);
    if (this.model.is === 'paused') return;
    const still = this.#still;
    this.#still = [];
    for (const go of still) go();
  }

  /** @internal Answers one attempt, as a client would see it. */
  send(attempt: OutgoingAttempt): Promise<Answer> {
    this.asked++;
    const { is } = this.model;
    if (is === 'refusing') return this.#later(attempt, WIRE_MS * 2, refused);
    if (is === 'dead') return this.#later(attempt, attempt.context.policy.attempt.connect, unreachable);
    this.peak = Math.max(this.peak, ++this.#held);
    return new Promise<Answer>((resolve, reject) => {
      attempt.scope.onCancel(reject);
      if (is === 'hanging') return;
      const back = (answer: Answer) => this.#clock.schedule(WIRE_MS, () => resolve(answer));
      this.#clock.schedule(WIRE_MS, () => this.#unlessStill(() => this.#letIn(attempt, back)));
    }).finally(() => this.#held--);
  }

  /** @internal Answers an active check, where it would answer at all. */
  check(): Promise<Finding> {
    const { is } = this.model;
    return new Promise((resolve, reject) => {
      if (is !== 'up' && is !== 'refusing') return; // the check has its own time
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

  #unlessStill(go: () => void): void {
    if (this.model.is === 'paused') this.#still.push(go);
    else go();
  }

  #letIn(attempt: OutgoingAttempt, back: (answer: Answer) => void): void {
    if (this.#door === undefined) this.#take({ attempt, resolve: back });
    else void this.#door.receive(attempt, () => new Promise((resolve) => this.#take({ attempt, resolve }))).then(back);
  }

  #take(job: Job): void {
    if (this.#busy < this.model.workers) this.#work(job);
    else this.#queue.push(job);
  }

  #work({ attempt, resolve }: Job): void {
    this.#busy++;
    const fails = this.#random.next() < this.model.failing;
    const done = (): void => {
      this.#busy--;
      if (!fails && !attempt.scope.cancelled) this.served++;
      resolve(answer(fails ? this.model.status : 200));
      this.#next();
    };
    this.#clock.schedule(fails ? this.model.failingMs : this.#serviceMs(), () => this.#unlessStill(done));
  }

  #next(): void {
    let job = this.#queue.shift();
    for (; job?.attempt.scope.cancelled && !this.model.heedless; job = this.#queue.shift()) {
      job.resolve(answer(499)); // heard by nobody but the way in, which is free again
    }
    if (job !== undefined) this.#work(job);
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
