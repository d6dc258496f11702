import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { MeshError } from '../../../src/core/errors.ts';
import type { ResponseBody } from '../../../src/transport/body.ts';
import { serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

/** The body of an answer that `write` gives, in the hands of `read`. */
async function withBody(
  t: TestContext,
  write: (response: ServerResponse) => void,
  read: (body: ResponseBody) => Promise<void>,
) {
  const server = await serve(t, (_, response) => write(response));
  const transport = transportTo(t, { orders: [server.url] });
  await read((await transport.request('http://orders/')).body);
}

const TEXT = '{"grüße":"an alle"}';
const WAYS: [string, (body: ResponseBody) => Promise<unknown>, unknown][] = [
  ['text', (body) => body.text(), TEXT],
  ['JSON', (body) => body.json(), JSON.parse(TEXT)],
  ['bytes', async (body) => String(await body.bytes()), TEXT],
  ['an ArrayBuffer', async (body) => String(Buffer.from(await body.arrayBuffer())), TEXT],
  ['a blob', async (body) => (await body.blob()).text(), TEXT],
  ['a web stream', (body) => new Response(body.stream()).text(), TEXT],
  ['a Node stream', async (body) => String(Buffer.concat(await body.readable.toArray())), TEXT],
  ['parts', async (body) => String(Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>))), TEXT],
  ['a pipe', async (body) => String(Buffer.concat(await body.pipe(new PassThrough()).toArray())), TEXT],
];

for (const [kind, read, expected] of WAYS) {
  test(`a body can be read as ${kind}, whether it has come already or is still to come`, async (t) => {
    await withBody(
      t,
      (response) => void response.end(TEXT),
      async (body) => assert.deepEqual(await read(body), expected),
    );
    const goOn = Promise.withResolvers<void>();
    await withBody(
      t,
      (response) => {
        response.write(TEXT.slice(0, 4));
        goOn.promise.then(() => response.end(TEXT.slice(4)));
      },
      async (body) => {
        const reading = read(body);
        goOn.resolve();
        assert.deepEqual(await reading, expected);
      },
    );
  });

  test(`${kind} of a body that breaks off is an error that says so`, async (t) => {
    const goOn = Promise.withResolvers<void>();
    await withBody(
      t,
      (response) => {
        response.setHeader('content-length', '100').write('half');
        goOn.promise.then(() => response.destroy());
      },
      async (body) => {
        if (kind === 'a pipe') return goOn.resolve(); // a pipe passes no errors on, as everywhere in Node
        const reading = read(body);
        goOn.resolve();
        await assert.rejects(reading, (error) => {
          assert.ok(MeshError.is(error), String(error));
          assert.match(error.message, /^orders: 127.0.0.1:\d+ broke off in the middle of its answer/);
          assert.deepEqual([error.reason, error.sent], ['reset', 'yes']);
          return true;
        });
      },
    );
  });

  test(`${kind} can be had only once`, async (t) => {
    await withBody(
      t,
      (response) => void response.end(TEXT),
      async (body) => {
        await read(body);
        assert.equal(body.bodyUsed, true);
        await assert.rejects(body.text(), /has been read already/);
      },
    );
  });
}

test('a byte order mark is no part of a text', async (t) => {
  await withBody(
    t,
    (response) => void response.end('\u{feff}[1]'),
    async (body) => assert.deepEqual(await body.json(), [1]),
  );
});

test('what is no JSON is a SyntaxError', async (t) => {
  await withBody(
    t,
    (response) => void response.end('<html>'),
    (body) => assert.rejects(body.json(), SyntaxError),
  );
});

test('a buffer that is given away shows nothing else of the connection', async (t) => {
  await withBody(
    t,
    (response) => void response.end('ab'),
    async (body) => assert.equal((await body.arrayBuffer()).byteLength, 2),
  );
});

test('a body that is too long is broken off, also when all of it has come', async (t) => {
  const long = (response: ServerResponse) => void response.end('x'.repeat(1_000));
  await withBody(t, long, async (body) => assert.equal((await body.bytes(1_000)).length, 1_000));
  await withBody(t, long, (body) => assert.rejects(body.bytes(999), RangeError));
  const endless = (response: ServerResponse) => {
    const more = (error?: Error | null) => void (error ?? response.write('x'.repeat(10_000), more));
    more();
  };
  await withBody(t, endless, (body) => assert.rejects(body.bytes(999_999), RangeError));
});

test('the other side waits while nobody reads, and nothing is lost', async (t) => {
  const size = 20_000_000;
  let waited = false;
  await withBody(
    t,
    (response) => {
      waited = !response.write(Buffer.alloc(size / 2)) && response.writableNeedDrain;
      response.end(Buffer.alloc(size / 2));
    },
    async (body) => {
      assert.equal(body.over, false);
      assert.equal((await body.bytes()).length, size);
    },
  );
  assert.equal(waited, true);
});

test('a small body that is dumped leaves its connection good, a large one does not', async (t) => {
  for (const [size, connections] of [
    [10_000, 1],
    [1_000_000, 2],
  ] as const) {
    const server = await serve(t, (_, response) => void response.end(Buffer.alloc(size)));
    const transport = transportTo(t, { orders: [server.url] });
    const first = await transport.request('http://orders/');
    await first.body.dump();
    assert.equal(first.body.bodyUsed, true);
    await new Promise(setImmediate); // undici looks at a connection once more before it uses it again
    const second = await transport.request('http://orders/');
    await second.body.dump();
    assert.equal(server.connections, connections, `${size} bytes`);
  }
});

test('a stream that its reader leaves closes its connection', async (t) => {
  const server = await serve(t, (_, response) => void response.write('endless'));
  const transport = transportTo(t, { orders: [server.url] });
  const { body } = await transport.request('http://orders/');
  for await (const _ of body) break;
  await server.disconnected;
  assert.equal(body.over, true);
});

test('a web stream that is cancelled closes its connection', async (t) => {
  const server = await serve(t, (_, response) => void response.write('endless'));
  const transport = transportTo(t, { orders: [server.url] });
  const { body } = await transport.request('http://orders/');
  await body.stream().cancel();
  await server.disconnected;
});

test('a body that is destroyed ends for its reader with the reason', async (t) => {
  const why = new Error('enough');
  await withBody(
    t,
    (response) => void response.write('half'),
    async (body) => {
      const reading = body.text();
      body.destroy(why);
      await assert.rejects(reading, why);
    },
  );
});

test('a web stream of bytes can be read into a buffer of the reader', async (t) => {
  await withBody(
    t,
    (response) => void response.end('hello'),
    async (body) => {
      const reader = body.stream().getReader({ mode: 'byob' });
      const { value } = await reader.read(new Uint8Array(3));
      assert.equal(String(Buffer.from(value!)), 'hel');
      assert.equal(String(Buffer.from((await reader.read(new Uint8Array(3))).value!)), 'lo');
      assert.equal((await reader.read(new Uint8Array(3))).done, true);
    },
  );
});
