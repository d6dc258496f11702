import type { Context } from 'hono';
import type { Wire } from '../core/incoming.ts';

/** The wire where no server of Node's is below: what Hono itself knows of it. */
export class HonoWire implements Wire {
  readonly protocol = '';
  readonly peer = '';
  readonly whole = true; // whoever sends the answer does not say
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  get secure(): boolean {
    return this.#context.req.url.startsWith('https:');
  }

  get status(): number {
    return this.#context.finalized ? this.#context.res.status : 0;
  }

  header(name: string): string | undefined {
    return this.#context.finalized ? (this.#context.res.headers.get(name) ?? undefined) : undefined;
  }

  onEnd(): boolean {
    return false;
  }
}
