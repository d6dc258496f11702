import type { Registry } from '../discovery/registry.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { TestEnv } from './env.ts';

/** Those who call in a simulation: instances of `checkout`, a mesh each, that calls are made by in turn. */
export class SimulatedFleet {
  /** In the order in which they came. */
  readonly clients: Mesh[] = [];
  readonly #make: () => Mesh;
  readonly #gone: Promise<void>[] = [];
  #turn = 0;
  #port = 4_000;

  /** @internal `simulate` makes it. */
  constructor(env: TestEnv, registry: Registry, policies: PolicySet) {
    this.#make = () => new Mesh('checkout', env, registry, policies, {});
  }

  /** Makes one more that calls, and that nobody knows of. */
  add(): Mesh {
    const mesh = this.#make();
    this.clients.push(mesh);
    return mesh;
  }

  /** Makes so many more, listed in the registry as instances of `checkout`. */
  join(count = 1): void {
    for (let at = 0; at < count; at++) {
      void this.add().announce({ host: '10.1.0.1', port: this.#port++ });
    }
  }

  /** Takes away the last that came, so many of them. */
  leave(count = 1): void {
    for (const mesh of this.clients.splice(-count)) this.#gone.push(mesh.close({ drainMs: 0 }));
  }

  /** Whose turn it is to call: its place among `clients`. */
  next(): number {
    return this.#turn++ % this.clients.length;
  }

  /** Ends it, with all that call. */
  async close(): Promise<void> {
    this.leave(this.clients.length);
    await Promise.all(this.#gone);
  }
}
