import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { MeshError } from '../../../src/core/errors.ts';
import type { BodyLike } from '../../../src/transport/payload.ts';
import { echo, nobody, type Seen, see, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

async function* generated() {
  yield 'hel';
  yield Buffer.from('lo');
}

const BODIES: [string, () => BodyLike][] = [
  ['text', () => 'hello'],
  ['a Buffer', () => Buffer.from('hello')],
  ['a view of a larger buffer', () => new Uint8Array(new TextEncoder().encode('> hello <').buffer, 2, 5)],
  ['an ArrayBuffer', () => new TextEncoder().encode('hello').buffer as ArrayBuffer],
  ['a blob', () => new Blob(['hello'])],
  ['a Readable', () => Readable.from(['hel', 'lo'])],
  ['a web stream', () => new Blob(['hello']).stream()],
  ['an async generator', generated],
  ['a list of parts', () => ['hel', 'lo']],
];

for (const [kind, body] of BODIES) {
  test(`${kind} arrives whole`, async (t) => {
    const server = await serve(t, echo);
    const transport = transportTo(t, { orders: [server.url] });
    const answer = await transport.request('http://orders/', { method: 'POST', body: body() });
    assert.equal((await answer.body.json<Seen>()).body, 'hello');
  });

  test(`${kind} arrives after an endpoint that was not there`, async (t) => {
    const server = await serve(t, echo);
    const transport = transportTo(t, { orders: [await nobody(), server.url] }, { attempts: 2 });
    const answer = await transport.request('http://orders/', { method: 'POST', body: body() });
    assert.equal((await answer.body.json<Seen>()).body, 'hello');
  });
}

test('no body on a POST is a body of no bytes', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  for (const body of [undefined, null, '', new Uint8Array()]) {
    const seen = await (await transport.request('http://orders/', { method: 'POST', body })).body.json<Seen>();
    assert.deepEqual([seen.body, seen.headers['content-length']], ['', '0']);
  }
});

test('forms and search parameters say what they are, unless the caller does', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  const form = new FormData();
  form.append('a', 'b');
  const seen = async (body: BodyLike, headers = {}) =>
    (await transport.request('http://orders/', { method: 'POST', body, headers })).body.json<Seen>();
  const sent = await seen(form);
  assert.match(sent.headers['content-type']!, /^multipart\/form-data; boundary=/);
  assert.match(sent.body, /name="a"\r\n\r\nb/);
  const search = new URLSearchParams({ a: 'b' });
  assert.equal((await seen(search)).headers['content-type'], 'application/x-www-form-urlencoded;charset=UTF-8');
  assert.equal((await seen(search, { 'Content-Type': 'x/y' })).headers['content-type'], 'x/y');
  assert.equal((await seen('text')).headers['content-type'], undefined);
});

test('a large blob is sent with its length, and sent again', async (t) => {
  const lengths: (string | undefined)[] = [];
  const sick = await serve(t, (request, response) => {
    lengths.push(request.headers['content-length']);
    see(request).then(() => response.writeHead(503).end());
  });
  const well = await serve(t, echo);
  const transport = transportTo(t, { orders: [sick.url, well.url] }, { attempts: 2 });
  const body = new Blob(['x'.repeat(100_000)]);
  const answer = await transport.request('http://orders/', { method: 'PUT', body });
  assert.equal((await answer.body.json<Seen>()).body.length, 100_000);
  assert.deepEqual(lengths, ['100000']);
});

test('a stream is not sent again once it was touched', async (t) => {
  const sick = await serve(t, (request, response) => {
    see(request).then(() => response.writeHead(503).end('sick'));
  });
  const transport = transportTo(t, { orders: [sick.url, 'http://127.0.0.1:1'] }, { attempts: 2 });
  const answer = await transport.request('http://orders/', { method: 'PUT', body: generated() });
  assert.equal(answer.statusCode, 503);
  assert.equal(await answer.body.text(), 'sick');
  assert.equal(transport.caller.calls[0]!.replayable, false);
});

test('a body that fails while it is sent ends the request, blames nobody else, and is not sent again', async (t) => {
  const server = await serve(t, (request) => request.on('error', () => {}).resume());
  const transport = transportTo(t, { orders: [server.url] }, { attempts: 2 });
  const broken = new Error('disk on fire');
  async function* failing() {
    yield 'a';
    throw broken;
  }
  await assert.rejects(transport.request('http://orders/', { method: 'PUT', body: failing() }), (error) => {
    assert.ok(MeshError.is(error));
    assert.equal(error.message, 'orders: the body of the request failed: disk on fire (INVALID_ARGUMENT: request)');
    assert.equal(error.cause, broken);
    assert.equal(error.sent, 'maybe');
    return true;
  });
});

test('a body that is not as long as its Content-Length says is refused', async (t) => {
  const server = await serve(t, echo);
  const transport = transportTo(t, { orders: [server.url] });
  const headers = { 'content-length': '3' };
  await assert.rejects(transport.request('http://orders/', { method: 'POST', headers, body: 'hello' }), {
    code: 'INVALID_ARGUMENT',
  });
});

test('a stream that nobody could be sent is closed', async (t) => {
  const transport = transportTo(t, { orders: [await nobody()] });
  const body = Readable.from(['a']);
  await assert.rejects(transport.request('http://orders/', { method: 'POST', body }), { reason: 'connect' });
  assert.equal(body.destroyed, true);
});

test('a stream goes out part by part, while the answer already comes in', async (t) => {
  const server = await serve(t, (request, response) => void request.pipe(response));
  const transport = transportTo(t, { orders: [server.url] });
  const turns = Promise.withResolvers<void>();
  async function* conversation() {
    yield 'one';
    await turns.promise; // not before the first part has come back
    yield 'two';
  }
  const { body } = await transport.request('http://orders/', { method: 'POST', body: conversation() });
  const heard: string[] = [];
  for await (const part of body) {
    heard.push(String(part));
    turns.resolve();
  }
  assert.equal(heard.join(), 'one,two');
});
