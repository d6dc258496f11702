import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import axios, { type AxiosError, type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { meshAxios } from '../../src/axios.ts';
import { echo, nobody, see, serve } from './http.ts';
import { type TestTransport, transportTo } from './transport.ts';

/** An instance that sends through a mesh whose service does as `listener` says, and one of axios alone. */
export async function twins(
  t: TestContext,
  listener: RequestListener,
  config: CreateAxiosDefaults = {},
): Promise<{ http: AxiosInstance; plain: AxiosInstance; transport: TestTransport; url: string }> {
  const server = await serve(t, listener);
  const transport = transportTo(t, { orders: [server.url], down: [await nobody()] });
  const http = meshAxios(transport, axios.create({ baseURL: 'http://orders', ...config }));
  return { http, plain: axios.create({ baseURL: server.url, ...config }), transport, url: server.url };
}

/** Something that is true of axios: through the mesh, and alone. */
export function ofBoth(
  title: string,
  listener: RequestListener,
  state: (http: AxiosInstance, t: TestContext) => Promise<void>,
  config: CreateAxiosDefaults = {},
): void {
  test(`meshAxios: ${title}`, async (t) => state((await twins(t, listener, config)).http, t));
  test(`axios alone: ${title}`, async (t) => state((await twins(t, listener, config)).plain, t));
}

/** A server that says one thing. */
export const says =
  (body: string | Buffer, headers: Record<string, string> = {}, status = 200): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

/** What a call fails with. */
export const failure = (call: Promise<unknown>): Promise<AxiosError> =>
  call.then(
    () => assert.fail('it was answered'),
    (error) => error,
  );

/** Sends `/302/to/x` on to `/to/x` with status 302, and echoes the rest. */
export const sending: RequestListener = (request, response) => {
  const [, status, to] = /^\/(3\d\d)(\/.*)$/.exec(request.url!) ?? [];
  if (status === undefined) return echo(request, response);
  see(request).then(() => response.writeHead(Number(status), { location: to }).end('moved'));
};
