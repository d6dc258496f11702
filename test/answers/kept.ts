import type { CallOptions } from '../../src/core/call.ts';
import type { HeaderFields, Keeper, Kept } from '../../src/core/kept.ts';

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
