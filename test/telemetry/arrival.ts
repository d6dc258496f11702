import type { Wire } from '../../src/core/incoming.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import type { RequestContext } from '../../src/server/request-context.ts';

/** A request that comes in and is answered by hand, as a server of Node's would have it. */
export class FakeArrival implements Arrival {
  readonly request = {};
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly wire: Wire;
  template: string | undefined;
  readonly #handler: (context: RequestContext) => unknown;
  #status = 0;
  #whole = false;
  #ends: (() => void)[] = [];
  #hangUp = () => {};

  constructor(
    asked: string,
    handler: (context: RequestContext, arrival: FakeArrival) => unknown,
    { headers = {}, secure = false }: { readonly headers?: Record<string, string>; readonly secure?: boolean } = {},
  ) {
    [this.method, this.path] = asked.split(' ') as [string, string];
    this.headers = headers;
    this.#handler = (context) => handler(context, this);
    const arrival = this;
    this.wire = {
      secure,
      protocol: '1.1',
      peer: '10.9.9.9',
      get status() {
        return arrival.#status;
      },
      get whole() {
        return arrival.#whole;
      },
      header: (name) => (name === 'content-length' ? '17' : undefined),
      onEnd: (tell) => {
        this.#ends.push(tell);
        return true;
      },
    };
  }

  onHangUp(tell: () => void): void {
    this.#hangUp = tell;
  }

  async serve(context: RequestContext): Promise<unknown> {
    return this.#handler(context);
  }

  refuse({ status }: { readonly status: number }): number {
    return this.answer(status);
  }

  /** The answer leaves, whole. */
  answer(status: number): number {
    this.#status = status;
    this.#whole = true;
    for (const end of this.#ends) end();
    return status;
  }

  /** Who called has gone; the answer may have begun. */
  leave(status = 0): void {
    this.#status = status;
    this.#hangUp();
    for (const end of this.#ends) end();
  }
}
