import type { Context } from './context.ts';

/** Answers a request, some day. A client, a server and a whole mesh all have this one shape. */
export type Service<Req, Res> = (request: Req, context: Context) => Promise<Res>;

/** Gives a service one new habit, and keeps its shape. */
export type Filter<Req, Res> = (next: Service<Req, Res>) => Service<Req, Res>;

/**
 * A promise that is about to be rejected. `Promise.reject` costs four times as much: Node takes down that nobody listens
 * yet, and then that somebody does.
 */
export const refuse = (error: unknown): Promise<never> =>
  new Promise((_, reject) => {
    NOW.then(() => reject(error));
  });

const NOW = Promise.resolve();

/** Asks a service so that whatever it does comes as a promise: a filter of a user's may throw, or forget to be async. */
export function ask<Req, Res>(service: Service<Req, Res>, request: Req, context: Context): Promise<Res> {
  try {
    return Promise.resolve(service(request, context));
  } catch (error) {
    return refuse(error);
  }
}

/** Wraps `service` in `filters`; the first filter listed meets the request first. */
export function compose<Req, Res>(filters: readonly Filter<Req, Res>[], service: Service<Req, Res>): Service<Req, Res> {
  return filters.reduceRight((next, filter) => filter(next), service);
}
