// What users write: filters, registries, listeners. One shape in, the same shape out.
import type { Announcement, Filter, Instance, Mesh, MeshEvent, Registry, Resolving, Service } from 'inmesh';
import { type Code, MeshError, type Reason, type Sent, Stack } from 'inmesh';
import { is, type Same } from './same.ts';

export const doubled: Filter<number, string> = (next) => (request, context) => next(request * 2, context);

const last: Service<number, string> = async (request) => `${request}`;
is<Same<ReturnType<typeof doubled>, Service<number, string>>>();

const stack = new Stack<number, string>([{ name: 'doubled', filter: doubled }]);
is<Same<ReturnType<typeof stack.without>, Stack<number, string>>>();
export const whole: Service<number, string> = stack.around(last);

// @ts-expect-error a filter can not change what comes out
export const odd: Filter<number, string> = (next) => async (request, context) => (await next(request, context)).length;

/** An error says what is known, once it is known to be ours. */
export function tell(error: unknown): [Code, Reason, Sent] | undefined {
  // @ts-expect-error it could be anything
  error.code;
  return MeshError.is(error) ? [error.code, error.reason, error.sent] : undefined;
}

/** Each event has its own fields, and `type` tells which. */
export function listen(mesh: Mesh): () => void {
  return mesh.on((event: MeshEvent) => {
    if (event.type === 'retry') is<Same<typeof event.waitMs, number>>();
    if (event.type === 'ejected') is<Same<typeof event.endpoint, string>>();
    // @ts-expect-error not every event has it
    event.waitMs;
  });
}

/** Anything of this shape is a registry. */
export class Nowhere implements Registry {
  readonly name = 'nowhere:';
  resolve(service: string): Resolving {
    throw new Error(`${service} is nowhere`);
  }
  announce(instance: Instance): Promise<Announcement> {
    return Promise.reject(new Error(`${instance.service} has no place here`));
  }
  services(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }
  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

// @ts-expect-error close is missing
export class Unfinished implements Registry {
  readonly name = 'unfinished:';
}
