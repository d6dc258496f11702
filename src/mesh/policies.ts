import type { Env } from '../core/env.ts';
import type { MeshError } from '../core/errors.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { PolicyDocument } from '../policy/table.ts';
import { readPolicy } from './options.ts';

/** The policy in force. One reference, swapped whole; calls keep the one that they began with. */
export class Policies {
  readonly #service: string;
  readonly #env: Env;
  #current: PolicySet;

  constructor(service: string, env: Env, first: PolicySet) {
    this.#service = service;
    this.#env = env;
    this.#current = first;
  }

  get current(): PolicySet {
    return this.#current;
  }

  /** Puts another in force, and tells so. @throws MeshError INVALID_ARGUMENT when it is not usable; then this one stays. */
  replace(document: PolicyDocument): void {
    const { clock, events } = this.#env;
    const facts = { at: clock.epoch(), type: 'policy', service: this.#service } as const;
    try {
      this.#current = readPolicy(document);
    } catch (error) {
      events.emit({ ...facts, accepted: false, problem: (error as MeshError).message });
      throw error;
    }
    events.emit({ ...facts, accepted: true, problem: '' });
  }
}
