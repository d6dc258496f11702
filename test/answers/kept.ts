import type { CallOptions, Send } from '../../src/core/call.ts';
import type { HeaderFields, Keeper, Kept } from '../../src/core/kept.ts';
import type { World } from '../filters/world.ts';

/** An answer with a body. */
export interface Said {
  readonly statusCode: number;
  readonly headers: HeaderFields;
  readonly text: string;
}

export const said = (text: string, headers: HeaderFields = {}, statusCode = 200): Said => ({
  statusCode,
  headers,
  text,
});

const keptOf = ({ statusCode, headers, text }: Said): Kept<unknown> => ({
  status: statusCode,
  headers,
  bytes: text.length,
  content: text,
  copy: (more) => said(text, { ...headers, ...more }, statusCode),
});

/** Keeps answers of `said`. */
export const keeper: Keeper<unknown> = {
  watch(answer, limit, done) {
    if ((answer as Said).text.length <= limit) done(keptOf(answer as Said));
  },
  gather: async (answer, limit) => ((answer as Said).text.length <= limit ? keptOf(answer as Said) : undefined),
  make: (status, headers, body) => said(body, headers, status),
};

/** A GET whose client lets us know what it sends. */
export const get = (path = '/orders/42', headers: HeaderFields = {}, more: CallOptions = {}): CallOptions => ({
  method: 'GET',
  path,
  request: { headers, keeper },
  ...more,
});

/** Calls, and lets time pass until the answer is there. */
export async function ask(world: World, send: Send<unknown>, options: CallOptions = get(), ms = 0): Promise<Said> {
  const call = world.call(send, options);
  call.catch(() => {}); // it is looked at below
  await world.env.clock.advance(ms);
  return (await call) as Said;
}

/** What the world was told of one kind. */
export const told = (world: World, type: string) => world.env.told.filter((event) => event.type === type);
