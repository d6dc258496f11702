import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import axios, { AxiosError } from 'axios';
import { meshAxios } from '../../../src/axios.ts';
import { MeshError } from '../../../src/core/errors.ts';
import { failure, ofBoth, twins } from '../../support/axios.ts';
import { echo, nobody, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

ofBoth('a refused connection is an AxiosError with the code of the system', echo, async (http) => {
  const isMeshed = http.defaults.baseURL === 'http://orders';
  const error = await failure(http.get(isMeshed ? 'http://down/' : await nobody()));
  assert.ok(error instanceof AxiosError);
  assert.deepEqual([error.code, error.response], ['ECONNREFUSED', undefined]);
  if (isMeshed) assert.ok(MeshError.is(error.cause) && error.cause.sent === 'no');
  assert.equal(JSON.stringify(error).includes('"cause"'), false);
});

ofBoth(
  'a connection that ends is ECONNRESET',
  (request) => void request.socket.destroy(),
  async (http) => {
    assert.equal((await failure(http.get('/'))).code, 'ECONNRESET');
  },
);

ofBoth(
  'an answer that breaks off is an AxiosError',
  (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => setImmediate(() => response.destroy()));
  },
  async (http) => {
    assert.ok((await failure(http.get('/'))) instanceof AxiosError);
  },
);

test('what the mesh refuses is an AxiosError with that as its cause', async (t) => {
  const { http } = await twins(t, echo);
  for (const url of ['https://orders/', 'http://orders:81/', 'http://a:b@orders/']) {
    const error = await failure(http.get(url));
    assert.ok(error instanceof AxiosError);
    assert.equal(error.code, 'ERR_BAD_REQUEST');
    assert.ok(MeshError.is(error.cause) && error.cause.code === 'INVALID_ARGUMENT');
  }
  const refused = { request: () => Promise.reject(new MeshError('no-endpoints', 'orders: no endpoints')) };
  const error = await failure(meshAxios(refused, axios.create()).get('http://orders/'));
  assert.deepEqual([error.code, error.message], ['ERR_NETWORK', 'orders: no endpoints (UNAVAILABLE: no-endpoints)']);
});

for (const [config, code, message] of [
  [{ timeout: 20 }, 'ECONNABORTED', 'timeout of 20ms exceeded'],
  [{ timeout: 20, transitional: { clarifyTimeoutError: true } }, 'ETIMEDOUT', 'timeout of 20ms exceeded'],
  [{ timeout: 20, timeoutErrorMessage: 'too slow' }, 'ECONNABORTED', 'too slow'],
] as const) {
  test(`a timeout of the body with ${JSON.stringify(config)} is ${code}`, async (t) => {
    const { http } = await twins(t, (_, response) => void response.write('half'));
    const error = await failure(http.get('/', config)); // axios alone says only that a stream was aborted
    assert.ok(error instanceof AxiosError);
    assert.deepEqual([error.code, error.message], [code, message]);
  });

  test(`a timeout of the call with ${JSON.stringify(config)} is ${code}`, async (t) => {
    const { http, transport } = await twins(t, () => {});
    const call = failure(http.get('/', config));
    while (transport.caller.calls.length === 0) await new Promise(setImmediate);
    assert.equal(transport.caller.calls[0]!.timeout, '20ms');
    transport.caller.scope.cancel(new MeshError('deadline', 'orders: 20ms are up', { sent: 'maybe' }));
    const error = await call;
    assert.deepEqual([error.code, error.message], [code, message]);
  });
}

test('a deadline of the policy says so', async (t) => {
  const { http, transport } = await twins(t, () => {});
  const call = failure(http.get('/'));
  while (transport.caller.calls.length === 0) await new Promise(setImmediate);
  assert.equal(transport.caller.calls[0]!.timeout, undefined);
  transport.caller.scope.cancel(new MeshError('deadline', 'orders: 10s are up', { sent: 'maybe' }));
  assert.deepEqual(
    [(await call).code, (await call).message],
    ['ECONNABORTED', 'orders: 10s are up (DEADLINE_EXCEEDED: deadline)'],
  );
});

for (const [when, listener] of [
  ['while the answer is awaited', () => {}],
  ['in the body', (_: unknown, response: { write(text: string): void }) => response.write('half')],
] as [string, RequestListener][]) {
  ofBoth(`a signal that is aborted ${when} is a CanceledError`, listener, async (http) => {
    const controller = new AbortController();
    const call = failure(http.get('/', { signal: controller.signal }));
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    const error = await call;
    assert.ok(axios.isCancel(error));
    assert.deepEqual([error.code, error.message], ['ERR_CANCELED', 'canceled']);
  });

  ofBoth(`a CancelToken that is used ${when} is a CanceledError`, listener, async (http) => {
    const source = axios.CancelToken.source();
    const call = failure(http.get('/', { cancelToken: source.token }));
    await new Promise((resolve) => setImmediate(resolve));
    source.cancel('changed my mind');
    const error = await call;
    assert.ok(axios.isCancel(error));
    assert.equal(error.message, 'changed my mind');
  });
}

test('an abort closes the socket', async (t) => {
  const server = await serve(t, () => {});
  const transport = transportTo(t, { orders: [server.url] });
  const http = meshAxios(transport, axios.create({ baseURL: 'http://orders' }));
  const controller = new AbortController();
  server.server.once('request', () => controller.abort());
  await failure(http.get('/', { signal: controller.signal }));
  await server.disconnected;
});

test('an instance of another copy of axios gets errors of that copy', async (t) => {
  const other = createRequire(import.meta.url)('axios') as typeof axios;
  const transport = transportTo(t, { orders: [await nobody()] });
  const http = meshAxios(transport, other.create({ baseURL: 'http://orders' }));
  const error = await failure(http.get('/'));
  assert.notEqual(other.AxiosError, AxiosError);
  assert.ok(error instanceof other.AxiosError);
});
