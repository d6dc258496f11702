import { circuit } from '../../src/circuit/circuit.ts';
import { Circuits } from '../../src/circuit/circuits.ts';
import type { Context } from '../../src/core/context.ts';
import type { MeshEvent } from '../../src/core/events.ts';

import type { Service } from '../../src/core/service.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { Policy, PolicyDocument, PolicySections } from '../../src/policy/table.ts';
import { aContext } from '../../src/testing/context.ts';
import { type TestEnv, testEnv } from '../../src/testing/env.ts';
import { fixed } from '../../src/testing/random.ts';

/** What a call of a test does when it is let through. */
export type Answer = () => Promise<unknown>;

export const ok: Answer = async () => 'fine';
export const status = (code: number) => ({ status: code, headers: {} });
export const fails: Answer = () => Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));

/** A service behind a circuit, in a world where time stands still. */
export class Guarded {
  readonly env: TestEnv;
  readonly circuits: Circuits;
  readonly #service: Service<Answer, unknown>;
  #policies: PolicySet;

  constructor(policy: PolicySections['circuit'] = {}, document: PolicyDocument = {}, random = 0) {
    this.env = testEnv({ random: fixed(random) });
    this.#policies = new PolicySet({
      ...document,
      defaults: { ...document.defaults, circuit: { mode: 'enforce', ...policy } },
    });
    this.circuits = new Circuits(this.env, (route) => this.#policies.names('orders', route));
    this.#service = circuit<Answer, unknown>(this.env, this.circuits)((answer) => answer());
  }

  /** One whose opossum is there already, as it is for every call but the first. */
  static async ready(
    policy: PolicySections['circuit'] = {},
    document: PolicyDocument = {},
    random = 0,
  ): Promise<Guarded> {
    const guarded = new Guarded(policy, document, random);
    await guarded.circuits.load();
    return guarded;
  }

  /** Puts another policy in force. */
  push(policy: PolicySections['circuit']): void {
    this.#policies = new PolicySet({ defaults: { circuit: { mode: 'enforce', ...policy } } });
  }

  policy(route?: string): Policy {
    return this.#policies.for('orders', route);
  }

  call(answer: Answer, more: Partial<Context> = {}): Promise<unknown> {
    const context = { ...aContext(), begunAt: this.env.clock.now(), policy: this.policy(more.route), ...more };
    return this.#service(answer, context);
  }

  /** Calls again and again, and waits for the end of each. Gives back how many were let through. */
  async calls(count: number, answer: Answer, more: Partial<Context> = {}): Promise<number> {
    let through = 0;
    const counted: Answer = () => {
      through++;
      return answer();
    };
    for (let call = 0; call < count; call++) await this.call(counted, more).catch(() => {});
    return through;
  }

  /** The moves of the circuit so far. */
  get moves(): (MeshEvent & { readonly type: 'circuit' })[] {
    return this.env.told.filter((event) => event.type === 'circuit');
  }

  get states(): string[] {
    return this.moves.map(({ state }) => state);
  }
}
