import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { inspect } from 'node:util';
import zlib from 'node:zlib';
import { MeshError } from '../../../src/core/errors.ts';
import { ofBoth } from '../../support/both-fetches.ts';
import { nobody, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

const says =
  (body: string | Buffer, headers: Record<string, string | string[]> = {}, status = 200): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

ofBoth('the answer is a Response', says('hello', { 'X-A': 'b' }), async ({ fetch, base }) => {
  const response = await fetch(`${base}/a?b#c`);
  assert.ok(response instanceof Response);
  assert.equal(Object.prototype.toString.call(response), '[object Response]');
  const { status, statusText, ok, redirected, type, bodyUsed } = response;
  assert.deepEqual([status, statusText, ok, redirected, type, bodyUsed], [200, 'OK', true, false, 'basic', false]);
  assert.equal(response.url, `${base}/a?b`);
  assert.ok(response.headers instanceof Headers);
  assert.equal(response.headers.get('x-a'), 'b');
  assert.ok(response.body instanceof ReadableStream);
  assert.equal(await response.text(), 'hello');
  assert.equal(response.bodyUsed, true);
});

for (const status of [200, 201, 299, 300, 400, 404, 500, 599]) {
  ofBoth(`${status} is an answer, and ok or not`, says('x', {}, status), async ({ fetch, base }) => {
    const response = await fetch(base);
    assert.deepEqual([response.status, response.ok], [status, status < 300]);
    assert.equal(await response.text(), 'x');
  });
}

for (const status of [204, 205, 304]) {
  ofBoth(`${status} has no body`, says('', {}, status), async ({ fetch, base }) => {
    const response = await fetch(base);
    assert.equal(response.body, null);
    assert.equal(await response.text(), '');
    assert.equal(response.bodyUsed, false);
    assert.equal((await response.arrayBuffer()).byteLength, 0);
    assert.equal(await response.clone().text(), '');
    await assert.rejects(response.json(), SyntaxError);
  });
}

ofBoth('an answer to HEAD has headers and no body', says('', { 'content-length': '5' }), async ({ fetch, base }) => {
  const response = await fetch(base, { method: 'HEAD' });
  assert.equal(response.headers.get('content-length'), '5');
  assert.equal(response.body, null);
  assert.equal(await response.text(), '');
});

ofBoth('its headers can not be changed', says('x'), async ({ fetch, base }) => {
  const { headers } = await fetch(base);
  assert.throws(() => headers.set('a', 'b'), TypeError);
  assert.throws(() => headers.append('a', 'b'), TypeError);
  assert.throws(() => headers.delete('a'), TypeError);
});

ofBoth(
  'headers that come several times are joined, cookies are not',
  says('x', { 'x-a': ['1', '2'], 'set-cookie': ['a=1', 'b=2'] }),
  async ({ fetch, base }) => {
    const { headers } = await fetch(base);
    assert.equal(headers.get('x-a'), '1, 2');
    assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2']);
  },
);

const TEXT = '{"grüße":"an alle"}';
const WAYS: [string, (response: Response) => Promise<unknown>, unknown][] = [
  ['text', (response) => response.text(), TEXT],
  ['JSON', (response) => response.json(), JSON.parse(TEXT)],
  ['an ArrayBuffer', async (response) => String(Buffer.from(await response.arrayBuffer())), TEXT],
  ['bytes', async (response) => String(Buffer.from(await response.bytes())), TEXT],
  ['a blob', async (response) => (await response.blob()).text(), TEXT],
  ['a stream', async (response) => new Response(response.body).text(), TEXT],
  ['parts', async (response) => String(Buffer.concat(await Array.fromAsync(response.body!))), TEXT],
];
const CODINGS: [string, Record<string, string>, string | Buffer][] = [
  ['plain', {}, TEXT],
  ['gzipped', { 'content-encoding': 'gzip' }, zlib.gzipSync(TEXT)],
];

for (const [kind, read, expected] of WAYS) {
  for (const [coding, headers, body] of CODINGS) {
    ofBoth(`a ${coding} body can be read as ${kind}, once`, says(body, headers), async ({ fetch, base }) => {
      const response = await fetch(base);
      assert.deepEqual(await read(response), expected);
      assert.equal(response.bodyUsed, true);
      for (const [, again] of WAYS.slice(0, 5)) await assert.rejects(again(response), TypeError);
      assert.throws(() => response.clone(), TypeError);
    });
  }

  ofBoth(`${kind} of a clone is as good as of the original`, says(TEXT), async ({ fetch, base }) => {
    const response = await fetch(`${base}/a`);
    const clone = response.clone();
    assert.ok(clone instanceof Response);
    assert.deepEqual([clone.url, clone.status, clone.type], [response.url, 200, 'basic']);
    assert.equal(clone.headers.get('date'), response.headers.get('date'));
    assert.deepEqual(await read(clone), expected);
    assert.equal(response.bodyUsed, false);
    assert.deepEqual(await read(response), expected);
  });

  ofBoth(
    `${kind} of a body that breaks off is a TypeError`,
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => setImmediate(() => response.destroy()));
    },
    async ({ fetch, base, ours }) => {
      const response = await fetch(base);
      await assert.rejects(read(response), (error) => {
        assert.ok(error instanceof TypeError, String(error));
        assert.equal(error.message, 'terminated');
        if (ours) assert.ok(MeshError.is(error.cause));
        return true;
      });
    },
  );
}

ofBoth('bytes are a Uint8Array of their own', says('ab'), async ({ fetch, base }) => {
  const bytes = await (await fetch(base)).bytes();
  assert.equal(bytes.constructor, Uint8Array);
  assert.equal(bytes.buffer.byteLength, 2);
  assert.equal((await (await fetch(base)).arrayBuffer()).constructor, ArrayBuffer);
});

ofBoth(
  'a blob has the type of the answer',
  says('x', { 'content-type': 'text/html; charset=utf-8' }),
  async ({ fetch, base }) => {
    assert.match((await (await fetch(base)).blob()).type, /^text\/html; ?charset=utf-8$/);
  },
);

ofBoth(
  'a form can be read',
  says('a=1&b=2', { 'content-type': 'application/x-www-form-urlencoded' }),
  async ({ fetch, base }) => {
    const form = await (await fetch(base)).formData();
    assert.deepEqual(
      [...form],
      [
        ['a', '1'],
        ['b', '2'],
      ],
    );
  },
);

ofBoth('a byte order mark is no part of text or JSON', says('\u{feff}[1]'), async ({ fetch, base }) => {
  assert.equal(await (await fetch(base)).text(), '[1]');
  assert.deepEqual(await (await fetch(base)).json(), [1]);
});

ofBoth('what is no JSON is a SyntaxError', says('<html>'), async ({ fetch, base }) => {
  await assert.rejects((await fetch(base)).json(), SyntaxError);
});

ofBoth('a body whose stream is being read can not be read otherwise', says('hello'), async ({ fetch, base }) => {
  const response = await fetch(base);
  const reader = response.body!.getReader();
  assert.equal(response.body!.locked, true);
  await assert.rejects(response.text(), TypeError);
  assert.throws(() => response.clone(), TypeError);
  reader.releaseLock();
  assert.equal(await response.text(), 'hello');
});

ofBoth('the stream is one of bytes, and always the same one', says('hello'), async ({ fetch, base }) => {
  const response = await fetch(base);
  assert.equal(response.body, response.body);
  const { value } = await response.body!.getReader({ mode: 'byob' }).read(new Uint8Array(10));
  assert.equal(Buffer.from(value!).toString(), 'hello');
});

ofBoth(
  'a stream that is cancelled closes its connection',
  (_, response) => void response.write('endless'),
  async ({ fetch, base, server }) => {
    await (await fetch(base)).body!.cancel();
    await server.disconnected;
  },
);

const RAW = zlib.deflateRawSync(TEXT);
const ENCODED: [string, Buffer][] = [
  ['gzip', zlib.gzipSync(TEXT)],
  ['x-gzip', zlib.gzipSync(TEXT)],
  ['GZIP', zlib.gzipSync(TEXT)],
  ['deflate', zlib.deflateSync(TEXT)],
  ['deflate', RAW],
  ['br', zlib.brotliCompressSync(TEXT)],
  ['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(TEXT))],
  ['deflate, gzip', zlib.gzipSync(RAW)],
];

for (const [coding, body] of ENCODED) {
  ofBoth(
    `${coding} is undone${body === RAW ? ', also without its header' : ''}`,
    says(body, { 'content-encoding': coding }),
    async ({ fetch, base }) => {
      const response = await fetch(base);
      assert.equal(response.headers.get('content-encoding'), coding);
      assert.equal(await response.text(), TEXT);
    },
  );
}

ofBoth(
  'a coding that nobody knows is left as it is',
  says('as it is', { 'content-encoding': 'x-own' }),
  async ({ fetch, base }) => {
    assert.equal(await (await fetch(base)).text(), 'as it is');
  },
);

ofBoth(
  'a coded body that is empty, or belongs to HEAD, is empty',
  says('', { 'content-encoding': 'gzip' }),
  async ({ fetch, base }) => {
    assert.equal(await (await fetch(base, { method: 'HEAD' })).text(), '');
  },
);

ofBoth(
  'what is not coded as it says is a TypeError',
  says('plain', { 'content-encoding': 'gzip' }),
  async ({ fetch, base }) => {
    await assert.rejects((await fetch(base)).text(), TypeError);
  },
);

ofBoth(
  'a large coded body arrives whole',
  says(zlib.gzipSync('x'.repeat(3_000_000)), { 'content-encoding': 'gzip' }),
  async ({ fetch, base }) => {
    assert.equal((await (await fetch(base)).text()).length, 3_000_000);
  },
);

test('zstd is undone', async (t) => {
  const server = await serve(t, says(zlib.zstdCompressSync(TEXT), { 'content-encoding': 'zstd' }));
  const { fetch } = transportTo(t, { orders: [server.url] });
  assert.equal(await (await fetch('http://orders/')).text(), TEXT);
});

test('a list of codings as long as an attack is left alone', async (t) => {
  const server = await serve(t, says('x', { 'content-encoding': Array(100).fill('gzip').join() }));
  const { fetch } = transportTo(t, { orders: [server.url] });
  assert.equal(await (await fetch('http://orders/')).text(), 'x');
});

ofBoth('a refused connection is a TypeError that says fetch failed', says(''), async ({ fetch, base, ours }) => {
  const call = ours ? transportlessFetch() : fetch(await nobody());
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof TypeError);
    assert.equal(error.message, 'fetch failed');
    const { cause } = error as { cause: NodeJS.ErrnoException };
    const code = MeshError.is(cause) ? (cause.cause as NodeJS.ErrnoException).code : cause.code;
    assert.equal(code, 'ECONNREFUSED', base);
    return true;
  });

  async function transportlessFetch(): Promise<Response> {
    const { createTransport } = await import('../../../src/transport/transport.ts');
    const { TestCaller } = await import('../../support/caller.ts');
    const caller = new TestCaller({ orders: [await nobody()] });
    return createTransport(caller.env, caller).fetch('http://orders/');
  }
});

test('a Response can be looked at without being used up', async (t) => {
  const server = await serve(t, says('hello'));
  const { fetch } = transportTo(t, { orders: [server.url] });
  const response = await fetch('http://orders/a');
  assert.match(inspect(response), /status: 200[\s\S]*url: 'http:\/\/orders\/a'/);
  assert.equal(await response.text(), 'hello');
});
