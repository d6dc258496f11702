import type { OutgoingAttempt } from '../core/attempt.ts';
import type { CallOptions, Send } from '../core/call.ts';
import { endpoint } from '../core/endpoint.ts';
import { LiveValue } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Resolving } from '../discovery/registry.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { TestEnv } from './env.ts';
import type { Answer } from './script.ts';
import { SimulatedDoor } from './simulated-door.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** One service between: what calls the next, and the way in to it. */
interface Hop {
  readonly mesh: Mesh;
  readonly door: SimulatedDoor;
}

/** Services that stand between who calls and the servers; each asks the next for whatever it is asked. */
export class SimulatedHops {
  readonly #hops: readonly Hop[];
  readonly #world: SimulatedWorld;

  /** `count` of them; `marks`: whether what they answer tells that nobody is to try it again. */
  constructor(env: TestEnv, world: SimulatedWorld, policies: PolicySet, count: number, marks = true) {
    this.#world = world;
    const registry = { ...world.registry, resolve: (name: string) => this.resolve(name) };
    this.#hops = Array.from({ length: count }, (_, at) => {
      const mesh = new Mesh(`hop-${at}`, env, registry, policies, {});
      return { mesh, door: new SimulatedDoor(mesh, marks) };
    });
  }

  /** Calls the first of them, which is the servers themselves where there is none. */
  call(mesh: Mesh, send: Send<unknown>, options: CallOptions): Promise<unknown> {
    return this.#callOn(mesh, 0, send, options);
  }

  /** Where the services between are: three places each, of which all are one mesh. */
  resolve(name: string): Resolving {
    if (!/^hop-\d+$/.test(name)) return this.#world.registry.resolve(name);
    const endpoints = [1, 2, 3].map((place) => endpoint(`http://${name}-${place}:3000`));
    const live = new LiveValue<Resolution>({ is: 'bound', endpoints });
    return { value: live.value, watch: live.watch.bind(live), [Symbol.asyncDispose]: async () => {} };
  }

  async close(): Promise<void> {
    for (const { mesh } of this.#hops) await mesh.close();
  }

  #callOn(mesh: Mesh, at: number, last: Send<unknown>, options: CallOptions): Promise<unknown> {
    const hop = this.#hops[at];
    if (hop === undefined) return mesh.call('orders', last, options);
    const next = () => this.#callOn(hop.mesh, at + 1, last, options) as Promise<Answer>;
    return mesh.call(`hop-${at}`, (attempt) => hop.door.receive(attempt as OutgoingAttempt, next), options);
  }
}
