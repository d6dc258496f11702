import { LRUCache } from 'lru-cache';
import { type UserBreaker, userBreaker } from '../core/breakers.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { nothing, passes, refuses, type SlotPlan } from '../core/plan.ts';
import { Adopted } from './adopted.ts';
import type { Breaker } from './breaker.ts';
import type { CircuitFacts } from './facts.ts';

const ROUTES = 1_000; // routes of one service that have a circuit of their own

/** The circuits of one service: its own, and one for each route that the policy names. Made when first needed. */
export class Circuits {
  readonly #env: Env;
  readonly #names: (route: string) => boolean;
  #makes: typeof Breaker | undefined;
  #loading: Promise<void> | undefined;
  #own: Breaker | undefined;
  #routes: LRUCache<string, Breaker> | undefined;
  readonly #adopted = new Map<UserBreaker, Adopted>(); // as many as were given
  #closed = false;

  /** `names` says whether the policy has settings for a route. */
  constructor(env: Env, names: (route: string) => boolean) {
    this.#env = env;
    this.#names = names;
  }

  /** Whether opossum is there. It is loaded for the first call that a circuit guards. */
  get loaded(): boolean {
    return this.#makes !== undefined;
  }

  load(): Promise<void> {
    this.#loading ??= import('./breaker.ts').then(({ Breaker }) => {
      this.#makes = Breaker;
    });
    return this.#loading;
  }

  /** The circuit that a call falls under; nothing once they are closed. To be asked when `loaded`. */
  for({ service, route, policy }: Context, now: number): Breaker | Adopted | undefined {
    if (this.#closed) return undefined;
    const given = this.#env.breakers && userBreaker(this.#env.breakers, service, route);
    if (given !== undefined) return this.#adopt(service, given);
    if (policy.circuit.mode === 'off') return undefined; // only other routes were given a breaker
    if (route === undefined || !this.#names(route)) {
      this.#own ??= new this.#makes!(this.#env, { service, route: '' }, policy.circuit, now);
      return this.#own;
    }
    this.#routes ??= new LRUCache({ max: ROUTES, dispose: (breaker) => breaker.close() });
    let breaker = this.#routes.get(route);
    if (breaker === undefined) {
      breaker = new this.#makes!(this.#env, { service, route }, policy.circuit, now);
      this.#routes.set(route, breaker);
    }
    return breaker;
  }

  /** What the circuit of a call would say now, for who only looks: none is made for it. `named`: its route has settings of its own. */
  plan({ service, route, policy }: Context, now: number, named: boolean): SlotPlan {
    const { mode } = policy.circuit;
    if (mode === 'closed' || (mode === 'off' && !this.given(service))) return nothing('circuit', mode);
    if (mode === 'open') return refuses('circuit', 'the policy holds it open');
    const given = this.#env.breakers && userBreaker(this.#env.breakers, service, route);
    const ofRoute = named && route !== undefined ? this.#routes?.peek(route) : this.#own;
    const breaker = given === undefined ? ofRoute : this.#adopted.get(given.breaker);
    if (given === undefined && mode === 'off') return nothing('circuit', 'yours are for other routes');
    const plan = breaker?.plan(now) ?? passes('circuit', 'closed: nothing is known of calls yet');
    return mode === 'observe' && plan.does === 'refuses' ? nothing('circuit', `only observed: ${plan.why}`) : plan;
  }

  /** Whether the user has given breakers for a service: they guard it although the policy does not say so. */
  given(service: string): boolean {
    const { breakers } = this.#env;
    return breakers !== undefined && Object.hasOwn(breakers, service);
  }

  #adopt(service: string, { breaker, route }: { breaker: UserBreaker; route: string }): Adopted {
    let adopted = this.#adopted.get(breaker);
    if (adopted === undefined) {
      adopted = new Adopted(this.#env, { service, route }, breaker);
      this.#adopted.set(breaker, adopted);
    }
    return adopted;
  }

  /** How they stand, the service's own first. Empty before the first call that one of them guarded. */
  facts(now: number): CircuitFacts[] {
    const all = this.#own === undefined ? [] : [this.#own];
    return [...this.#adopted.values(), ...all, ...(this.#routes?.values() ?? [])].map((breaker) => breaker.facts(now));
  }

  close(): void {
    this.#closed = true;
    this.#own?.close();
    this.#routes?.clear();
    for (const adopted of this.#adopted.values()) adopted.close();
  }
}
