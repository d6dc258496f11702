import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { AxiosError, AxiosHeaders } from 'axios';
import { errors as undiciErrors } from 'undici';
import { MeshError } from '../../src/core/errors.ts';
import { discard, headerOf, type Outcome, outcomeOf, outcomeOfError } from '../../src/core/outcome.ts';
import { refused, reset } from '../../src/testing.ts';

const failing = (status: number): boolean => status >= 500;
const ofValue = (value: unknown): Outcome => outcomeOf(value, failing);
const ofError = (error: unknown): Outcome => outcomeOfError(error, failing);

const coded = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code, ...more });
const axiosError = (status: number, headers: Record<string, string> = {}): AxiosError => {
  const config = { headers: new AxiosHeaders() };
  const response = { status, statusText: '', headers: new AxiosHeaders(headers), config, data: '' };
  return new AxiosError('failed', 'ERR_BAD_RESPONSE', config, {}, response);
};

const answers: Readonly<Record<string, (status: number) => unknown>> = {
  'of fetch': (status) => new Response(null, { status, headers: { 'retry-after': '7' } }),
  'of axios': (status) => ({ status, headers: new AxiosHeaders({ 'Retry-After': '7' }), data: {}, config: {} }),
  'of undici': (status) => ({ statusCode: status, headers: { 'retry-after': '7' }, body: {}, trailers: {} }),
  'of got': (status) => ({ statusCode: status, headers: { 'retry-after': '7' }, body: '', isFromCache: false }),
};

for (const [whose, answer] of Object.entries(answers)) {
  test(`an answer ${whose} is judged by its status`, () => {
    assert.deepEqual(ofValue(answer(200)), {
      is: 'success',
      why: 'status 200',
      sent: 'yes',
      status: 200,
      retryAfter: undefined,
    });
    assert.deepEqual(ofValue(answer(404)), {
      is: 'success',
      why: 'status 404',
      sent: 'yes',
      status: 404,
      retryAfter: undefined,
    });
    assert.deepEqual(ofValue(answer(500)), {
      is: 'failure',
      why: 'status 500',
      sent: 'yes',
      status: 500,
      retryAfter: undefined,
    });
  });

  test(`an answer ${whose} of 429 or 503 says how long to wait`, () => {
    assert.equal(ofValue(answer(503)).retryAfter, '7');
    assert.equal(ofValue(answer(429)).retryAfter, '7');
    assert.equal(ofValue(answer(429)).is, 'success');
  });
}

test('an answer of node:http is judged by its status', async () => {
  const server = createServer((_request, response) => response.writeHead(503, { 'retry-after': '7' }).end()).listen(0);
  await once(server, 'listening');
  const [answer] = (await once(get({ port: (server.address() as AddressInfo).port }), 'response')) as [IncomingMessage];
  const { is, status, retryAfter } = ofValue(answer);
  assert.deepEqual({ is, status, retryAfter }, { is: 'failure', status: 503, retryAfter: '7' });
  discard(answer);
  await once(answer, 'end');
  server.close();
});

for (const [what, value] of Object.entries({
  'an order with a status': { id: 7, status: 500 },
  'an order with a status code': { statusCode: 503 },
  'a text': 'internal server error',
  'a number': 500,
  nothing: undefined,
  null: null,
  'a list': [500],
  'a status that is no number': { status: '500', headers: {} },
  'headers of nothing': { status: 500, headers: undefined },
  'a fraction': { status: 500.5, headers: {} },
})) {
  test(`${what} is no answer of HTTP, but it is an answer`, () => {
    assert.deepEqual(ofValue(value), { is: 'success', why: 'answered', sent: 'yes', status: 0, retryAfter: undefined });
  });
}

for (const [what, error] of Object.entries({
  axios: axiosError(503, { 'retry-after': '7' }),
  'got and ky': Object.assign(new Error('x'), { response: { statusCode: 503, headers: { 'retry-after': '7' } } }),
  'ky, with a Response': Object.assign(new Error('x'), {
    response: new Response(null, { status: 503, headers: { 'retry-after': '7' } }),
  }),
  undici: new undiciErrors.ResponseError('x', 503, { headers: { 'retry-after': '7' }, body: null }),
})) {
  test(`an error of ${what} that carries an answer is judged by the answer`, () => {
    const { is, why, sent, status, retryAfter } = ofError(error);
    assert.deepEqual(
      { is, why, sent, status, retryAfter },
      { is: 'failure', why: 'status 503', sent: 'yes', status: 503, retryAfter: '7' },
    );
  });
}

test('an answer of 404 that is thrown speaks no more against the endpoint than one that is returned', () => {
  assert.equal(ofError(axiosError(404)).is, 'success');
});

const fetchFailed = (cause: unknown): Error => new TypeError('fetch failed', { cause });
const each = (...codes: string[]): Error => {
  const errors = codes.map((code) => coded(code, { syscall: 'connect' }));
  return Object.assign(new AggregateError(errors), { code: codes[0] });
};

const neverSent: Readonly<Record<string, unknown>> = {
  ECONNREFUSED: refused(),
  ENOTFOUND: coded('ENOTFOUND', { syscall: 'getaddrinfo' }),
  EAI_AGAIN: coded('EAI_AGAIN'),
  EHOSTUNREACH: coded('EHOSTUNREACH'),
  ENETUNREACH: coded('ENETUNREACH'),
  UND_ERR_CONNECT_TIMEOUT: new undiciErrors.ConnectTimeoutError('x'),
  ETIMEDOUT: coded('ETIMEDOUT', { syscall: 'connect' }),
  ECONNRESET: coded('ECONNRESET', { syscall: 'connect' }),
  ERR_TLS_CERT_ALTNAME_INVALID: coded('ERR_TLS_CERT_ALTNAME_INVALID'),
  DEPTH_ZERO_SELF_SIGNED_CERT: coded('DEPTH_ZERO_SELF_SIGNED_CERT'),
};

for (const [code, error] of Object.entries(neverSent)) {
  test(`${code} before there is a connection means that nothing was sent`, () => {
    for (const thrown of [error, fetchFailed(error)]) {
      const { is, why, sent, status } = ofError(thrown);
      assert.deepEqual({ is, why, sent, status }, { is: 'failure', why: code, sent: 'no', status: 0 });
    }
  });
}

test('one error for each address that was tried is one: nothing was sent', () => {
  for (const thrown of [
    each('ECONNREFUSED', 'ECONNREFUSED'),
    each('ETIMEDOUT', 'ECONNREFUSED'),
    fetchFailed(each('ETIMEDOUT')),
  ]) {
    assert.equal(ofError(thrown).sent, 'no');
    assert.equal(ofError(thrown).is, 'failure');
  }
  assert.equal(ofError(each('ETIMEDOUT')).why, 'ETIMEDOUT');
});

const maybeSent: Readonly<Record<string, unknown>> = {
  ECONNRESET: reset(),
  EPIPE: coded('EPIPE', { syscall: 'write' }),
  ETIMEDOUT: coded('ETIMEDOUT', { syscall: 'read' }),
  UND_ERR_SOCKET: new undiciErrors.SocketError('other side closed'),
  UND_ERR_HEADERS_TIMEOUT: new undiciErrors.HeadersTimeoutError('x'),
  ECONNABORTED: new AxiosError('timeout of 5ms exceeded', 'ECONNABORTED'),
  HPE_INVALID_CONSTANT: coded('HPE_INVALID_CONSTANT'),
};

for (const [code, error] of Object.entries(maybeSent)) {
  test(`after ${code} nobody knows whether the other side has seen the request`, () => {
    const { is, why, sent } = ofError(error);
    assert.deepEqual({ is, why, sent }, { is: 'failure', why: code, sent: 'maybe' });
    assert.equal(ofError(fetchFailed(error)).why, code);
  });
}

test('a code that says nothing gives way to the one of its cause', () => {
  const error = new AxiosError('x', 'ERR_NETWORK');
  error.cause = refused();
  const { why, sent } = ofError(error);
  assert.deepEqual({ why, sent }, { why: 'ECONNREFUSED', sent: 'no' });
  assert.equal(ofError(new AxiosError('x', 'ERR_NETWORK')).why, 'ERR_NETWORK');
});

test('a chain of causes is followed a few steps, and may be a ring', () => {
  const ring = coded('') as Error & { cause: unknown };
  ring.cause = { cause: ring };
  assert.equal(ofError(ring).is, 'failure');
  assert.equal(ofError(fetchFailed(fetchFailed(refused()))).why, 'ECONNREFUSED');
});

const slips: Readonly<Record<string, () => unknown>> = {
  TypeError: () => (undefined as unknown as { x: () => void }).x(),
  ReferenceError: () => {
    throw new ReferenceError('x is not defined');
  },
  SyntaxError: () => JSON.parse('{'),
  RangeError: () => 'x'.repeat(-1),
  ERR_INVALID_URL: () => new URL('no url'),
  ERR_INVALID_ARG_TYPE: () => Buffer.from(5 as never),
};

for (const [why, slip] of Object.entries(slips)) {
  test(`a ${why} in the caller's own code speaks against no endpoint`, () => {
    let error: unknown;
    try {
      slip();
    } catch (thrown) {
      error = thrown;
    }
    const outcome = ofError(error);
    assert.deepEqual({ is: outcome.is, why: outcome.why }, { is: 'none', why });
  });
}

const controller = new AbortController();
controller.abort();

const aborted: Readonly<Record<string, unknown>> = {
  'AbortError of the platform': controller.signal.reason,
  'AbortError of Node': Object.assign(new Error('aborted'), { name: 'AbortError', code: 'ABORT_ERR' }),
  'CanceledError of axios': Object.assign(new Error('canceled'), { name: 'CanceledError', code: 'ERR_CANCELED' }),
  'RequestAbortedError of undici': new undiciErrors.RequestAbortedError(),
};

for (const [what, error] of Object.entries(aborted)) {
  test(`an ${what} is the caller's own doing, and no verdict`, () => {
    assert.equal(ofError(error).is, 'none');
  });
}

test('a timeout of the client itself speaks against the endpoint', async () => {
  const awake = setTimeout(() => {}, 10_000); // the timer of the signal keeps no process alive
  const signal = AbortSignal.timeout(0);
  await once(signal, 'abort');
  clearTimeout(awake);
  const { is, why, sent } = ofError(signal.reason);
  assert.deepEqual({ is, why, sent }, { is: 'failure', why: 'TimeoutError', sent: 'maybe' });
});

test('anything may be thrown', () => {
  for (const thrown of [undefined, null, 'no', 5, Symbol('x'), {}, [], () => {}]) {
    assert.deepEqual(ofError(thrown), {
      is: 'failure',
      why: 'thrown',
      sent: 'maybe',
      status: 0,
      retryAfter: undefined,
    });
  }
  assert.equal(ofError(new Error('x')).why, 'Error');
});

test('our own errors speak against an endpoint only when it was the endpoint', () => {
  const of = (reason: ConstructorParameters<typeof MeshError>[0]) => ofError(new MeshError(reason, 'x')).is;
  assert.deepEqual([of('connect'), of('reset'), of('attempt')], ['failure', 'failure', 'failure']);
  assert.deepEqual([of('deadline'), of('caller'), of('no-endpoints'), of('closed')], ['none', 'none', 'none', 'none']);
  const cause = refused();
  assert.equal(ofError(new MeshError('connect', 'x', { cause })).why, 'ECONNREFUSED');
  assert.equal(ofError(new MeshError('attempt', 'x', { sent: 'maybe' })).why, 'attempt timeout');
  assert.equal(ofError(new MeshError('connect', 'x', { sent: 'no' })).sent, 'no');
});

test('a thing that answers every question with an error is still judged', () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  );
  assert.equal(ofValue(hostile).is, 'success');
  assert.equal(ofError(hostile).is, 'failure');
  assert.equal(ofValue({ status: 503, headers: hostile }).is, 'failure');
  assert.equal(headerOf({ headers: { get: () => assert.fail() } }, 'x'), undefined);
  discard(hostile);
});

test('an endpoint that is leaving says so by Envoy’s header, or by a nack on a connection that it closes', () => {
  const marked = { 'x-envoy-immediate-health-check-fail': 'true' };
  for (const status of [200, 404, 500, 503]) {
    const outcome = ofValue({ statusCode: status, headers: marked });
    assert.equal(outcome.leaving, true, `${status}`);
    assert.equal(outcome.is, status >= 500 ? 'failure' : 'success', 'what it answered is what it answered');
  }
  const nack = { 'finagle-http-nack': 'true' };
  assert.equal(ofValue({ statusCode: 503, headers: { ...nack, connection: 'Close' } }).leaving, true);
  assert.equal(ofValue({ statusCode: 503, headers: { ...nack, connection: 'keep-alive' } }).leaving, undefined);
  assert.equal(
    ofValue({ statusCode: 503, headers: { connection: 'close' } }).leaving,
    undefined,
    'it may only be full',
  );
});

test('a failing answer may say that trying again is no use', () => {
  for (const name of ['finagle-http-nonretryable-nack', 'x-envoy-overloaded', 'x-envoy-ratelimited']) {
    const final = (status: number) => ofValue({ statusCode: status, headers: { [name]: 'true' } }).final;
    assert.deepEqual([500, 503, 429].map(final), [true, true, true]);
    assert.deepEqual([200, 404].map(final), [undefined, undefined], 'an answer that is well is not refused for it');
  }
});
