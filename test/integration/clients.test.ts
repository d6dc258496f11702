import assert from 'node:assert/strict';
import { get as httpGet, request as httpRequest, type IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import axios, { AxiosError } from 'axios';
import got, { HTTPError, RequestError } from 'got';
import { fetch as undiciFetch, request as undiciRequest } from 'undici';
import { type Attempt, createMesh, type Mesh } from '../../src/index.ts';
import { nobody, serve } from '../support/http.ts';

/** A client as people use it: one that throws for a status, or one that gives the answer back whatever it says. */
interface Client {
  readonly name: string;
  readonly get: (attempt: Attempt) => Promise<unknown>;
  readonly post: (attempt: Attempt) => Promise<unknown>;
  /** The status that the client's own answer or error tells. */
  readonly statusOf: (settled: unknown) => number | undefined;
  /** What it throws when nobody listens. */
  readonly refusal: (error: unknown) => boolean;
}

const code = (error: unknown): unknown => (error as { code?: unknown; cause?: { code?: unknown } })?.code;
const causeCode = (error: unknown): unknown => code((error as Error).cause);
const status = (answer: unknown): number | undefined => (answer as { status?: number }).status;

const clients: readonly Client[] = [
  {
    name: 'the built-in fetch',
    get: ({ url, headers, signal }) => fetch(url, { headers, signal }),
    post: ({ url, headers, signal }) => fetch(url, { method: 'POST', body: '1', headers, signal }),
    statusOf: status,
    refusal: (error) => error instanceof TypeError && causeCode(error) === 'ECONNREFUSED',
  },
  {
    name: "undici's fetch",
    get: ({ url, headers, signal }) => undiciFetch(url, { headers, signal }),
    post: ({ url, headers, signal }) => undiciFetch(url, { method: 'POST', body: '1', headers, signal }),
    statusOf: status,
    refusal: (error) => error instanceof TypeError && causeCode(error) === 'ECONNREFUSED',
  },
  {
    name: 'undici.request',
    get: ({ url, headers, signal }) => undiciRequest(url, { headers, signal }),
    post: ({ url, headers, signal }) => undiciRequest(url, { method: 'POST', body: '1', headers, signal }),
    statusOf: (answer) => (answer as { statusCode?: number }).statusCode,
    refusal: (error) => code(error) === 'ECONNREFUSED',
  },
  {
    name: 'axios',
    get: ({ url, headers, signal }) => axios.get(url, { headers, signal }),
    post: ({ url, headers, signal }) => axios.post(url, '1', { headers, signal }),
    statusOf: (settled) => (settled instanceof AxiosError ? settled.response?.status : status(settled)),
    refusal: (error) => error instanceof AxiosError && error.code === 'ECONNREFUSED',
  },
  {
    name: 'got',
    get: ({ url, headers, signal }) => got(url, { headers, signal, retry: { limit: 0 } }),
    post: ({ url, headers, signal }) => got.post(url, { body: '1', headers, signal, retry: { limit: 0 } }),
    statusOf: (settled) =>
      settled instanceof HTTPError ? settled.response.statusCode : (settled as { statusCode?: number }).statusCode,
    refusal: (error) => error instanceof RequestError && error.code === 'ECONNREFUSED',
  },
  {
    name: 'node:http',
    get: ({ url, headers, signal }) =>
      new Promise((resolve, reject) => httpGet(url, { headers, signal }, resolve).on('error', reject)),
    post: ({ url, headers, signal }) =>
      new Promise<IncomingMessage>((resolve, reject) =>
        httpRequest(url, { method: 'POST', headers, signal }, resolve).on('error', reject).end('1'),
      ),
    statusOf: (answer) => (answer as { statusCode?: number }).statusCode,
    refusal: (error) => code(error) === 'ECONNREFUSED',
  },
];

async function meshOver(t: TestContext, ...orders: readonly string[]): Promise<Mesh> {
  const policy = { defaults: { retry: { backoff: '1ms' } } };
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders } }, policy });
  t.after(() => mesh.close({ timeoutMs: 0 }));
  return mesh;
}

/** A server that is busy for its first answers, and well from then on. */
async function busyFor(t: TestContext, times: number): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const { url } = await serve(t, (request, response) => {
    response.statusCode = ++asked > times ? 200 : 503;
    request.resume().on('end', () => response.end('{}'));
  });
  return { url, asked: () => asked };
}

for (const { name, get, post, statusOf, refusal } of clients) {
  test(`${name}: a 503 is seen and tried again where that is safe, and the caller gets the client's own answer`, async (t) => {
    const { url, asked } = await busyFor(t, 2);
    const mesh = await meshOver(t, url);
    const answer = await mesh.call('orders', get, { idempotent: true });
    assert.deepEqual([statusOf(answer), asked()], [200, 3]);
  });

  test(`${name}: a 503 to what may have had an effect is not tried again, and is the caller's as it came`, async (t) => {
    const { url, asked } = await busyFor(t, 1);
    const mesh = await meshOver(t, url);
    const settled = await mesh.call('orders', post).catch((error: unknown) => error);
    assert.deepEqual([statusOf(settled), asked()], [503, 1]);
  });

  test(`${name}: what was refused never was sent, so another endpoint gets it, whatever it is`, async (t) => {
    const { url, asked } = await busyFor(t, 0);
    const mesh = await meshOver(t, await nobody(), await nobody(), url);
    const answer = await mesh.call('orders', post);
    assert.deepEqual([statusOf(answer), asked()], [200, 1]);
  });

  test(`${name}: when nobody listens at all, the caller gets what its client threw last`, async (t) => {
    const mesh = await meshOver(t, await nobody());
    await assert.rejects(mesh.call('orders', get), refusal);
  });
}
