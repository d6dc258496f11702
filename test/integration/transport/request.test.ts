import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { MeshError } from '../../../src/core/errors.ts';
import type { RequestOptions } from '../../../src/transport/request.ts';
import { echo, nobody, type Seen, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

test('a request goes to an endpoint of the service that its host names', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  const answer = await transport.request('http://orders/orders/42?a=1');
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.statusText, 'OK');
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal(answer.endpoint, server.url);
  const seen = await answer.body.json<Seen>();
  assert.equal(seen.method, 'GET');
  assert.equal(seen.url, '/orders/42?a=1');
  assert.equal(seen.headers['x-attempt'], '1');
});

test('the mesh hears the method, the path, and whether it may be sent again', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  const asked = async (options: RequestOptions) => {
    await (await transport.request('http://orders/a', options)).body.dump();
    const { method, path, idempotent, replayable, timeout, route, key } = transport.caller.calls.at(-1)!;
    return { method, path, idempotent, replayable, timeout, route, key };
  };
  const said = { timeout: undefined, route: undefined, key: undefined };
  const plain = { method: 'GET', path: '/a', idempotent: true, replayable: true, ...said };
  assert.deepEqual(await asked({}), plain);
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
    assert.deepEqual(await asked({ method }), { ...plain, method });
  }
  for (const method of ['POST', 'PATCH']) {
    assert.deepEqual(await asked({ method }), { ...plain, method, idempotent: false });
    assert.deepEqual(await asked({ method, headers: { 'Idempotency-Key': '1' } }), { ...plain, method });
    assert.deepEqual(await asked({ method, idempotent: true }), { ...plain, method });
  }
  assert.deepEqual(await asked({ idempotent: false, timeout: '1s', route: 'r', key: 'k', query: { b: 1 } }), {
    ...plain,
    path: '/a?b=1',
    idempotent: false,
    timeout: '1s',
    route: 'r',
    key: 'k',
  });
});

test('the headers of the caller win over those of the mesh', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  const answer = await transport.request('http://orders/', { headers: { 'X-Attempt': 'mine', 'X-Many': ['a', 'b'] } });
  const { headers } = await answer.body.json<Seen>();
  assert.equal(headers['x-attempt'], 'mine');
  assert.equal(headers['x-many'], 'a, b');
});

test('the Host header is the address of the endpoint, the name of the service, or what the caller says', async (t) => {
  const server = await serve(t, echo);
  const hostOf = async (host: 'service' | 'endpoint', options?: RequestOptions) => {
    const transport = transportTo(t, { orders: [server.url] }, { policy: { defaults: { transport: { host } } } });
    return (await (await transport.request('http://orders/', options)).body.json<Seen>()).headers.host;
  };
  assert.equal(await hostOf('endpoint'), server.url.slice('http://'.length));
  assert.equal(await hostOf('service'), 'orders');
  assert.equal(await hostOf('service', { headers: { Host: 'other' } }), 'other');
});

test('a header that would inject another one is refused, and nothing is sent', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  for (const headers of [{ 'x-a': 'b\r\nx-c: d' }, { 'x-a: b\r\nx-c': 'd' }, { 'x-a': 'b\0' }]) {
    await assert.rejects(transport.request('http://orders/', { headers }), (error) => {
      assert.ok(MeshError.is(error));
      assert.deepEqual([error.code, error.sent], ['INVALID_ARGUMENT', 'no']);
      return true;
    });
  }
  assert.equal(server.connections, 0);
});

test('headers that are the transport’s own are refused', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  for (const name of ['transfer-encoding', 'keep-alive', 'upgrade', 'expect']) {
    const refused = transport.request('http://orders/', { headers: { [name]: 'x' } });
    await assert.rejects(refused, { code: 'INVALID_ARGUMENT', reason: 'request' });
  }
});

const BAD: [string, unknown, unknown, RegExp][] = [
  ['an unknown option', 'http://orders/', { tiemout: '1s' }, /has no option 'tiemout'; there are method, headers/],
  ['a method that is no text', 'http://orders/', { method: 1 }, /method must be text, got number/],
  ['a method that is no token', 'http://orders/', { method: 'GET /x' }, /invalid request method/],
  ['headers that are text', 'http://orders/', { headers: 'a' }, /headers must be/],
  ['a body that is a number', 'http://orders/', { body: 1 }, /a body must be/],
  ['a signal that is none', 'http://orders/', { signal: {} }, /signal must be an AbortSignal/],
  ['a URL without host', '/orders', {}, /must name a service/],
  ['a name with characters that none has', 'http://or%24ders/', {}, /service name/],
];

for (const [what, url, options, message] of BAD) {
  test(`${what} is refused with a clear sentence`, async (t) => {
    const transport = transportTo(t, { orders: ['http://127.0.0.1:1'] });
    await assert.rejects(transport.request(url as string, options as RequestOptions), (error) => {
      assert.ok(MeshError.is(error), String(error));
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.match(error.message, message);
      return true;
    });
  });
}

test('a refused connection was never sent', async (t) => {
  const url = await nobody();
  const transport = transportTo(t, { orders: [url] });
  await assert.rejects(transport.request('http://orders/'), (error) => {
    assert.ok(MeshError.is(error));
    const address = url.slice('http://'.length);
    assert.equal(error.message, `orders: ${address} refused the connection (UNAVAILABLE: connect)`);
    assert.deepEqual([error.sent, error.service, error.endpoint], ['no', 'orders', address]);
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
    return true;
  });
});

test('a name that does not resolve was never sent', async (t) => {
  const transport = transportTo(t, { orders: ['http://nowhere.invalid:80'] });
  await assert.rejects(transport.request('http://orders/'), {
    reason: 'connect',
    sent: 'no',
    message: 'orders: the name of nowhere.invalid:80 could not be resolved (UNAVAILABLE: connect)',
  });
});

test('a connection that ends before the answer may have been seen', async (t) => {
  const server = await serve(t, (request) => request.socket.destroy());
  const transport = transportTo(t, { orders: [server.url] });
  await assert.rejects(transport.request('http://orders/'), (error) => {
    assert.ok(MeshError.is(error));
    assert.match(
      error.message,
      /^orders: 127.0.0.1:\d+ ended the connection before it answered \(UNAVAILABLE: reset\)$/,
    );
    assert.deepEqual([error.reason, error.sent], ['reset', 'maybe']);
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'UND_ERR_SOCKET');
    return true;
  });
});

/** A server that says what it is told to, whatever it is asked. */
async function rude(t: TestContext, says: string): Promise<{ url: string }> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(says));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('an answer that is not HTTP is an error that says so', async (t) => {
  const server = await rude(t, '220 smtp ready\r\n');
  const transport = transportTo(t, { orders: [server.url] });
  await assert.rejects(transport.request('http://orders/'), /answered with something that is not HTTP/);
});

test('headers without end are an error that says so', async (t) => {
  const server = await rude(t, `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`);
  const transport = transportTo(t, { orders: [server.url] });
  await assert.rejects(transport.request('http://orders/'), /answered with headers that are too large/);
});

test('an answer after early hints is heard', async (t) => {
  const server = await serve(t, (_, response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' }, () => response.end('late'));
  });
  const transport = transportTo(t, { orders: [server.url] });
  const answer = await transport.request('http://orders/');
  assert.equal(answer.statusCode, 200);
  assert.equal(await answer.body.text(), 'late');
});

test('a field that comes several times is a list', async (t) => {
  const server = await serve(t, (_, response) => void response.setHeader('set-cookie', ['a=1', 'b=2']).end());
  const transport = transportTo(t, { orders: [server.url] });
  const { headers, body } = await transport.request('http://orders/');
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
  await body.dump();
});

test('trailers are known when the body is over', async (t) => {
  const server = await serve(t, (_, response) => {
    response.setHeader('trailer', 'x-sum').write('a');
    response.addTrailers({ 'x-sum': '42' });
    response.end();
  });
  const transport = transportTo(t, { orders: [server.url] });
  const answer = await transport.request('http://orders/');
  assert.equal(await answer.body.text(), 'a');
  assert.deepEqual({ ...answer.trailers }, { 'x-sum': '42' });
});

test('HEAD and answers without content have an empty body', async (t) => {
  const server = await serve(t, (request, response) => {
    if (request.method === 'HEAD') response.setHeader('content-length', '5').end();
    else response.writeHead(204).end();
  });
  const transport = transportTo(t, { orders: [server.url] });
  for (const method of ['HEAD', 'GET']) {
    assert.equal(await (await transport.request('http://orders/', { method })).body.text(), '');
  }
});

test('a retried request goes to the next endpoint, and the answer given up is read to its end', async (t) => {
  const sick = await serve(t, (_, response) => response.writeHead(503).end('sick'));
  const well = await serve(t, echo);
  const transport = transportTo(t, { orders: [sick.url, well.url] }, { attempts: 2 });
  for (let call = 0; call < 3; call++) {
    const answer = await transport.request('http://orders/', { method: 'PUT', body: 'hello' });
    const seen = await answer.body.json<Seen>();
    assert.deepEqual([seen.body, seen.headers['x-attempt']], ['hello', '2']);
  }
  assert.equal(sick.connections, 1);
});
