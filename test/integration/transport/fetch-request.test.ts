import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { MeshError } from '../../../src/core/errors.ts';
import { ofBoth } from '../../support/both-fetches.ts';
import { echo, type Seen, see, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

const seen = async (response: Promise<Response>) => (await (await response).json()) as Seen;

ofBoth('a URL may be text, a URL or a Request', echo, async ({ fetch, base }) => {
  for (const input of [`${base}/a?b=1#c`, new URL(`${base}/a?b=1#c`), new Request(`${base}/a?b=1#c`)]) {
    const { method, url } = await seen(fetch(input));
    assert.deepEqual([method, url], ['GET', '/a?b=1']);
  }
});

ofBoth('it says what it accepts', echo, async ({ fetch, base }) => {
  const { headers } = await seen(fetch(base));
  assert.equal(headers.accept, '*/*');
  assert.equal(headers['accept-language'], '*');
  assert.equal(headers['sec-fetch-mode'], 'cors');
  assert.match(headers['accept-encoding']!, /gzip, deflate/);
  assert.ok(headers['user-agent']);
});

ofBoth('what the caller says wins', echo, async ({ fetch, base }) => {
  const own = { accept: 'text/x', 'user-agent': 'me', 'accept-encoding': 'identity' };
  const { headers } = await seen(fetch(base, { headers: own }));
  assert.deepEqual([headers.accept, headers['user-agent'], headers['accept-encoding']], ['text/x', 'me', 'identity']);
});

ofBoth('a range is asked for without coding', echo, async ({ fetch, base }) => {
  const { headers } = await seen(fetch(base, { headers: { range: 'bytes=0-1' } }));
  assert.equal(headers['accept-encoding'], 'identity');
});

ofBoth('headers may be an object, a Headers, or pairs', echo, async ({ fetch, base }) => {
  const pairs: [string, string][] = [
    ['X-A', '1'],
    ['x-a', '2'],
  ];
  for (const headers of [{ 'X-A': '1, 2' }, new Headers(pairs), pairs]) {
    assert.equal((await seen(fetch(base, { headers }))).headers['x-a'], '1, 2');
  }
});

for (const [given, sent] of [
  ['post', 'POST'],
  ['get', 'GET'],
  ['Put', 'PUT'],
  ['delete', 'DELETE'],
  ['PATCH', 'PATCH'],
] as const) {
  ofBoth(`the method ${given} is sent as ${sent}`, echo, async ({ fetch, base }) => {
    assert.equal((await seen(fetch(base, { method: given }))).method, sent);
  });
}

const TYPED: [string, () => NonNullable<RequestInit['body']>, string, string | null][] = [
  ['text', () => 'hello', 'hello', 'text/plain;charset=UTF-8'],
  ['a Uint8Array', () => new TextEncoder().encode('hello'), 'hello', null],
  ['an ArrayBuffer', () => new TextEncoder().encode('hello').buffer as ArrayBuffer, 'hello', null],
  ['a DataView', () => new DataView(new TextEncoder().encode('hello').buffer as ArrayBuffer), 'hello', null],
  [
    'search parameters',
    () => new URLSearchParams({ a: '1 2' }),
    'a=1+2',
    'application/x-www-form-urlencoded;charset=UTF-8',
  ],
  ['a blob', () => new Blob(['hello'], { type: 'text/x' }), 'hello', 'text/x'],
  ['a blob without type', () => new Blob(['hello']), 'hello', null],
];

for (const [kind, body, text, type] of TYPED) {
  ofBoth(`${kind} is sent with its type`, echo, async ({ fetch, base }) => {
    const sent = await seen(fetch(base, { method: 'POST', body: body() }));
    assert.deepEqual([sent.body, sent.headers['content-type'] ?? null], [text, type]);
    assert.equal(sent.headers['content-length'], String(text.length));
    const own = await seen(fetch(base, { method: 'POST', body: body(), headers: { 'content-type': 'a/b' } }));
    assert.equal(own.headers['content-type'], 'a/b');
  });
}

ofBoth('a form is sent as multipart', echo, async ({ fetch, base }) => {
  const form = new FormData();
  form.append('name', 'value');
  form.append('file', new Blob(['content']), 'a.txt');
  const { body, headers } = await seen(fetch(base, { method: 'POST', body: form }));
  const [, boundary] = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type']!)!;
  assert.ok(body.startsWith(`--${boundary}\r\n`));
  assert.match(body, /name="name"\r\n\r\nvalue/);
  assert.match(body, /filename="a.txt"/);
});

ofBoth('a stream is sent in chunks', echo, async ({ fetch, base }) => {
  const body = new Blob(['hello']).stream();
  const sent = await seen(fetch(base, { method: 'POST', body, duplex: 'half' }));
  assert.deepEqual([sent.body, sent.headers['transfer-encoding']], ['hello', 'chunked']);
});

ofBoth('an async iterable can be a body, as Node has it', echo, async ({ fetch, base }) => {
  const body = Readable.from([Buffer.from('hel'), Buffer.from('lo')]) as unknown as ReadableStream;
  assert.equal((await seen(fetch(base, { method: 'POST', body, duplex: 'half' }))).body, 'hello');
});

ofBoth('an empty body has no bytes and says so', echo, async ({ fetch, base }) => {
  for (const body of [null, '', new Uint8Array()]) {
    const sent = await seen(fetch(base, { method: 'POST', body }));
    assert.deepEqual([sent.body, sent.headers['content-length']], ['', '0']);
  }
});

ofBoth('bytes are taken as they are when it is called', echo, async ({ fetch, base }) => {
  const body = new TextEncoder().encode('hello');
  const call = fetch(base, { method: 'POST', body });
  body.fill(0);
  assert.equal((await seen(call)).body, 'hello');
});

ofBoth('a Request brings its method, headers and body, and is used up', echo, async ({ fetch, base }) => {
  const request = new Request(base, { method: 'PUT', body: 'hello', headers: { 'x-a': '1' } });
  const sent = await seen(fetch(request));
  assert.deepEqual([sent.method, sent.body, sent.headers['x-a']], ['PUT', 'hello', '1']);
  assert.equal(sent.headers['content-type'], 'text/plain;charset=UTF-8');
  assert.equal(request.bodyUsed, true);
  await assert.rejects(fetch(request), TypeError);
});

ofBoth('init wins over what a Request brings', echo, async ({ fetch, base }) => {
  const request = new Request(base, { method: 'PUT', body: 'hello', headers: { 'x-a': '1' } });
  const sent = await seen(fetch(request, { method: 'POST', body: 'bye', headers: { 'x-b': '2' } }));
  assert.deepEqual([sent.method, sent.body, sent.headers['x-a'], sent.headers['x-b']], ['POST', 'bye', undefined, '2']);
});

ofBoth('a Request can be what init is', echo, async ({ fetch, base }) => {
  const sent = await seen(fetch(base, new Request('http://elsewhere/', { method: 'PUT', headers: { 'x-a': '1' } })));
  assert.deepEqual([sent.method, sent.headers['x-a']], ['PUT', '1']);
});

ofBoth('what has a text form is sent as that', echo, async ({ fetch, base }) => {
  assert.equal((await seen(fetch(base, { method: 'POST', body: 42 as never }))).body, '42');
  assert.equal((await seen(fetch(base, { method: 'POST', body: { a: 1 } as never }))).body, '[object Object]');
});

const REFUSED: [string, RequestInit][] = [
  ['a GET with a body', { body: 'x' }],
  ['a HEAD with a body', { method: 'HEAD', body: new Uint8Array(1) }],
  ['a method that is no token', { method: 'a b' }],
  ['CONNECT', { method: 'connect' }],
  ['TRACE', { method: 'TRACE' }],
  ['TRACK', { method: 'track' }],
  ['a header name that is none', { headers: { 'a b': '1' } }],
  ['a header value with a line break', { headers: { a: '1\r\nb: 2' } }],
  ['a redirect mode that there is not', { redirect: 'maybe' as never }],
  ['a signal that is none', { signal: {} as never }],
  ['a stream without duplex', { method: 'POST', body: new Blob(['x']).stream() }],
  ['a mode that there is not', { mode: 'x' as never }],
  ['a window', { window: {} as never } as RequestInit],
];

for (const [what, init] of REFUSED) {
  ofBoth(`${what} is a TypeError, and nothing is sent`, echo, async ({ fetch, base, server }) => {
    await assert.rejects(fetch(base, init), TypeError);
    assert.equal(server.connections, 0);
  });
}

ofBoth('a URL that is none, or holds credentials, is a TypeError that does not show them', echo, async ({ fetch }) => {
  for (const url of ['/a', '', 'http://', 'http://ann:secret@orders/', new URL('http://ann:secret@orders/')]) {
    await assert.rejects(fetch(url), (error) => {
      assert.ok(error instanceof TypeError);
      return true;
    });
  }
});

test('credentials of a URL are not shown', async (t) => {
  const { fetch } = transportTo(t, { orders: ['http://127.0.0.1:1'] });
  await assert.rejects(fetch('http://ann:secret@orders/'), (error) => !/secret/.test(String(error)));
});

for (const url of ['https://orders/', 'http://orders:8080/', 'ftp://orders/', 'data:text/plain,x']) {
  test(`${url} names no service, so it is a network error that says why`, async (t) => {
    const { fetch } = transportTo(t, { orders: ['http://127.0.0.1:1'] });
    await assert.rejects(fetch(url), (error) => {
      assert.ok(error instanceof TypeError);
      assert.equal(error.message, 'fetch failed');
      return MeshError.is(error.cause) && error.cause.code === 'INVALID_ARGUMENT';
    });
  });
}

test('integrity is refused, for it would not be checked', async (t) => {
  const { fetch } = transportTo(t, { orders: ['http://127.0.0.1:1'] });
  const cause = /does not check integrity/;
  await assert.rejects(fetch('http://orders/', { integrity: 'sha256-x' }), (error: Error) =>
    cause.test(String(error.cause)),
  );
});

const REPLAYED: [string, () => [string | Request, RequestInit?], boolean][] = [
  ['text', () => ['http://orders/', { method: 'PUT', body: 'hello' }], true],
  ['the body of a Request', () => [new Request('http://orders/', { method: 'PUT', body: 'hello' })], true],
  ['a small blob', () => ['http://orders/', { method: 'PUT', body: new Blob(['hello']) }], true],
  ['a stream', () => ['http://orders/', { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' }], false],
  [
    'the large body of a Request',
    () => [new Request('http://orders/', { method: 'PUT', body: 'x'.repeat(20) })],
    false,
  ],
];

for (const [what, args, again] of REPLAYED) {
  test(`${what} is ${again ? '' : 'not '}sent again`, async (t) => {
    const sick = await serve(t, (request, response) => void see(request).then(() => response.writeHead(503).end()));
    const well = await serve(t, echo);
    const policy = { defaults: { transport: { replay: 10 } } };
    const { fetch } = transportTo(t, { orders: [sick.url, well.url] }, { attempts: 2, policy });
    const response = await fetch(...args());
    assert.equal(response.status, again ? 200 : 503);
    if (again) assert.equal(((await response.json()) as Seen).body, 'hello');
  });
}

test('a large body of a Request arrives whole, though it was read ahead', async (t) => {
  const server = await serve(t, echo);
  const { fetch } = transportTo(t, { orders: [server.url] });
  const body = 'x'.repeat(300_000);
  const request = new Request('http://orders/', { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' });
  assert.equal((await seen(fetch(request))).body, body);
});

test('a large body of a Request is let go of where it is sent to nobody, or to somebody who goes', async (t) => {
  const broken = await serve(t, (request) => void request.once('data', () => request.destroy()));
  for (const urls of [[], [broken.url]]) {
    const { fetch } = transportTo(t, { orders: urls });
    const cancelled = Promise.withResolvers<unknown>();
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
      cancel: cancelled.resolve,
    });
    await assert.rejects(
      fetch(new Request('http://orders/', { method: 'POST', body, duplex: 'half' })),
      /fetch failed/,
    );
    await cancelled.promise;
  }
});
