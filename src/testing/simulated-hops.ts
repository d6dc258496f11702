import type { CallOptions, Send } from '../core/call.ts';
import { endpoint } from '../core/endpoint.ts';
import { LiveValue } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Resolving } from '../discovery/registry.ts';
import { Mesh } from '../mesh/mesh.ts';
import { PolicySet } from '../policy/policy.ts';
import type { PolicySections } from '../policy/table.ts';
import type { Arrival } from '../server/arrival.ts';
import type { TestEnv } from './env.ts';
import { type Answer, answer } from './script.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Services that stand between who calls and the servers; each asks the next for whatever it is asked. */
export class SimulatedHops {
  readonly #meshes: readonly Mesh[];
  readonly #world: SimulatedWorld;

  constructor(env: TestEnv, world: SimulatedWorld, policy: PolicySections, count: number) {
    this.#world = world;
    const policies = new PolicySet({ defaults: policy });
    this.#meshes = Array.from({ length: count }, (_, at) => {
      const registry = { ...world.registry, resolve: (name: string) => this.#resolve(name) };
      return new Mesh(`hop-${at}`, env, registry, policies, {});
    });
  }

  /** Calls the first of them, which is the servers themselves where there is none. */
  call(mesh: Mesh, options: CallOptions): Promise<unknown> {
    return this.#callOn(mesh, 0, options);
  }

  /** Where the services between are: three places each, of which all are one mesh. */
  resolve(name: string): Resolving {
    return this.#resolve(name);
  }

  async close(): Promise<void> {
    for (const mesh of this.#meshes) await mesh.close();
  }

  #callOn(mesh: Mesh, at: number, options: CallOptions): Promise<unknown> {
    if (at === this.#meshes.length) return mesh.call('orders', this.#world.send, options);
    const send: Send<unknown> = ({ headers }) => this.#serve(at, headers, options);
    return mesh.call(`hop-${at}`, send, options);
  }

  async #serve(at: number, headers: Readonly<Record<string, string>>, options: CallOptions): Promise<Answer> {
    const marks: Record<string, string> = {};
    let given = answer(500);
    const arrival: Arrival = {
      method: 'GET',
      path: '/',
      template: undefined,
      headers,
      request: {},
      onHangUp: () => {},
      remark: (name, value) => {
        marks[name] = value;
      },
      serve: async () => {
        const came = (await this.#callOn(this.#meshes[at]!, at + 1, options)) as Answer;
        given = answer(came.statusCode, marks);
      },
      refuse: ({ status }) => {
        given = answer(status);
      },
    };
    await this.#meshes[at]!.receive(arrival);
    return given;
  }

  #resolve(name: string): Resolving {
    if (!/^hop-\d+$/.test(name)) return this.#world.registry.resolve(name);
    const endpoints = [1, 2, 3].map((place) => endpoint(`http://${name}-${place}:3000`));
    const live = new LiveValue<Resolution>({ is: 'bound', endpoints });
    return { value: live.value, watch: live.watch.bind(live), [Symbol.asyncDispose]: async () => {} };
  }
}
