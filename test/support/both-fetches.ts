import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { serve, type TestServer } from './http.ts';
import { transportTo } from './transport.ts';

/** A fetch, where its service is, and the service itself. */
export interface Fetching {
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** `http://orders`, or its address. */
  readonly base: string;
  readonly server: TestServer;
  /** Whether it is ours and not Node's. */
  readonly ours: boolean;
}

/**
 * Something that is true of a fetch: of ours, and of the one that Node has, so that what is stated here is the standard
 * and not what we take for it.
 */
export function ofBoth(title: string, listener: RequestListener, state: (given: Fetching) => Promise<void>): void {
  test(`mesh.fetch: ${title}`, async (t) => {
    const server = await serve(t, listener);
    const { fetch } = transportTo(t, { orders: [server.url], others: [server.url] });
    await state({ fetch, base: 'http://orders', server, ours: true });
  });
  test(`the fetch of Node: ${title}`, async (t) => {
    const server = await serve(t, listener);
    await state({ fetch: globalThis.fetch, base: server.url, server, ours: false });
  });
}
