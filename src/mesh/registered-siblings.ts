import type { Resolution } from '../core/resolution.ts';
import type { Siblings } from '../core/siblings.ts';
import type { Registry, Resolving } from '../discovery/registry.ts';

/** The instances of our own service, as the registry lists them. It is asked once somebody wants to know. */
export class RegisteredSiblings implements Siblings {
  readonly #service: string;
  readonly #registry: Registry;
  #resolving: Resolving | undefined;
  #of: Resolution | undefined;
  #count = 1;

  constructor(service: string, registry: Registry) {
    this.#service = service;
    this.#registry = registry;
  }

  /** Those of weight 0 are on their way out and do not count; while the registry is away its last list stands. */
  get count(): number {
    this.#resolving ??= this.#registry.resolve(this.#service);
    const { value } = this.#resolving;
    if (value !== this.#of) {
      this.#of = value;
      const endpoints = 'endpoints' in value ? value.endpoints : [];
      this.#count = Math.max(1, endpoints.filter(({ weight }) => weight > 0).length);
    }
    return this.#count;
  }

  async close(): Promise<void> {
    await this.#resolving?.[Symbol.asyncDispose]();
  }
}
