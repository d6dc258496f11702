import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener, type ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import axios from 'axios';
import express from 'express';
import { meshAxios } from '../../../src/axios.ts';
import type { MeshEvent } from '../../../src/core/events.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { Handler } from '../../../src/server/handler.ts';
import { aServer } from './world.ts';

async function answering(t: TestContext, listen: (mesh: Mesh) => RequestListener) {
  const { mesh, url } = await aServer(t, (mesh) => createServer(listen(mesh)));
  const told: MeshEvent[] = [];
  mesh.on((event) => void told.push(event));
  return { mesh, url, told };
}

const handling = (t: TestContext, handler: Handler) => answering(t, (mesh) => mesh.handler(handler));

test('a Response is answered with all that it says', async (t) => {
  const { url } = await handling(t, () => {
    const headers = new Headers({ 'x-mine': 'yes' });
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    return new Response('made', { status: 201, headers });
  });
  const answer = await fetch(url);
  assert.deepEqual([answer.status, answer.headers.get('x-mine'), await answer.text()], [201, 'yes', 'made']);
  assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
  const head = await fetch(url, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [201, '']);
});

test('an answer without a body has none', async (t) => {
  const { url } = await handling(t, () => new Response(null, { status: 204 }));
  assert.equal((await fetch(url)).status, 204);
});

test('what a handler throws is heard by who listens, and the caller learns only that it went wrong', async (t) => {
  const { url, told } = await handling(t, () => {
    throw new Error('the password is 1234');
  });
  const answer = await fetch(url);
  assert.equal(answer.status, 500);
  assert.deepEqual(await answer.json(), {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    code: 'INTERNAL',
  });
  const [fault] = told;
  assert.ok(fault?.type === 'fault' && fault.service === 'shop');
  assert.match(fault.problem, /the password is 1234\n +at /);
});

test('a call inside that nobody takes is answered so by whichever door it was made', async (t) => {
  const calls: Readonly<Record<string, (mesh: Mesh) => Promise<unknown>>> = {
    '/request': (mesh) => mesh.request('http://nowhere/'),
    '/fetch': (mesh) => mesh.fetch('http://nowhere/'),
    '/axios': (mesh) => meshAxios(mesh, axios.create()).get('http://nowhere/'),
  };
  const { url, told } = await answering(t, (mesh) =>
    mesh.handler(async ({ url }) => {
      await calls[url!]!(mesh);
      return new Response('not reached');
    }),
  );
  for (const path of Object.keys(calls)) {
    const answer = await fetch(`${url}${path}`);
    assert.deepEqual(
      [path, answer.status, ((await answer.json()) as { code: string }).code],
      [path, 503, 'UNAVAILABLE'],
    );
  }
  assert.equal(told.filter(({ type }) => type === 'fault').length, 0);
});

test('a call inside that nobody takes is answered with the status that says so, and is no fault of ours', async (t) => {
  const { url, told } = await answering(t, (mesh) =>
    mesh.handler(async (_request, _context, response) => {
      response.setHeader('cache-control', 'max-age=3600'); // of the answer that there should have been
      await mesh.request('http://stock/');
    }),
  );
  const answer = await fetch(url);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('cache-control'), null);
  const said = await answer.text();
  assert.equal((JSON.parse(said) as { code: string }).code, 'UNAVAILABLE');
  assert.doesNotMatch(said, /stock|127\.0\.0\.1|ECONNREFUSED/);
  assert.ok(told.every(({ type }) => type !== 'fault'));
});

test('a body that fails in the middle breaks the answer off, and is heard of', async (t) => {
  const faults: string[] = [];
  const { url, mesh } = await handling(t, () => {
    const parts = async function* () {
      yield new TextEncoder().encode('begun');
      throw new Error('torn');
    };
    return new Response(ReadableStream.from(parts()));
  });
  mesh.on((event) => event.type === 'fault' && faults.push(event.problem));
  await assert.rejects(fetch(url).then((answer) => answer.text()));
  assert.match(faults.join(), /torn/);
});

test('an upload that is broken off is no fault of the handler that reads it', async (t) => {
  const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  const { url, told } = await handling(t, async (request) => {
    begun.resolve();
    try {
      return new Response(await text(request));
    } catch (error) {
      over.resolve(error);
      throw error;
    }
  });
  const sending = httpRequest(url, { method: 'POST', headers: { 'content-length': 100 } }).on('error', () => {});
  sending.write('begun');
  await begun.promise;
  sending.destroy();
  assert.match(String(await over.promise), /aborted/);
  await new Promise(setImmediate);
  assert.deepEqual(told, []);
});

test('what a handler reads elsewhere and is broken off there is a fault, and its caller gets an answer', async (t) => {
  const { url, told } = await handling(t, async () => {
    const elsewhere = new PassThrough();
    const whole = finished(elsewhere);
    elsewhere.destroy();
    await whole;
    return new Response('never');
  });
  assert.equal((await fetch(url, { signal: AbortSignal.timeout(60_000) })).status, 500);
  const [fault] = told;
  assert.ok(fault?.type === 'fault' && fault.problem.includes('Premature close'));
});

test('who hangs up in the middle of a download is no fault of the handler that writes it', async (t) => {
  const over = Promise.withResolvers<unknown>();
  const { url, told } = await handling(t, async (_request, _context, response) => {
    const endless = new Readable({ read: () => void endless.push('x'.repeat(1_000)) });
    try {
      await pipeline(endless, response);
    } catch (error) {
      over.resolve(error);
      throw error;
    }
  });
  const reading = await fetch(url);
  await reading.body!.cancel();
  assert.equal(((await over.promise) as NodeJS.ErrnoException).code, 'ERR_STREAM_PREMATURE_CLOSE');
  await new Promise(setImmediate);
  assert.deepEqual(told, []);
});

test('who has hung up before anything is written is no fault either', async (t) => {
  const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  const { url, told } = await handling(t, async (_request, { signal }, response) => {
    begun.resolve();
    await once(signal, 'abort');
    try {
      await pipeline(Readable.from(['late']), response);
    } catch (error) {
      over.resolve(error);
      throw error;
    }
  });
  const asking = httpRequest(url).on('error', () => {});
  asking.end();
  await begun.promise;
  asking.destroy();
  assert.match(
    String(((await over.promise) as NodeJS.ErrnoException).code),
    /^ERR_STREAM_(UNABLE_TO_PIPE|PREMATURE_CLOSE)$/,
  );
  await new Promise(setImmediate);
  assert.deepEqual(told, []);
});

test('who has answered and then throws has answered: nothing is broken off, and it is heard of', async (t) => {
  const much = 'x'.repeat(5_000_000);
  const { url, told } = await handling(t, (_request, _context, response) => {
    response.end(much);
    throw new Error('afterwards');
  });
  assert.equal((await (await fetch(url)).text()).length, much.length);
  const [fault] = told;
  assert.ok(fault?.type === 'fault' && fault.problem.includes('afterwards'));
});

test('one handler of an application can be decorated: what came in by the middleware comes in once', async (t) => {
  const { url, mesh } = await answering(t, (mesh) => {
    const app = express();
    app.use(mesh.middleware());
    app.use(mesh.middleware());
    app.get(
      '/orders/:id',
      mesh.handler((_, context) => Response.json({ same: mesh.context === context, route: context.route })),
    );
    return app;
  });
  mesh.setPolicy({ defaults: { shed: { mode: 'enforce', limit: 1 } } }); // one that came in twice would be refused
  const answer = await fetch(`${url}/orders/7`);
  assert.deepEqual(await answer.json(), { same: true, route: 'GET /orders/{id}' });
});

test('what is no answer is a fault of the handler, told at once and not waited for', async (t) => {
  for (const [given, said] of [
    [{ id: 42 }, 'an object of Object'],
    [null, 'null'],
    ['text', 'text'],
  ] as const) {
    const { url, told } = await handling(t, (() => given) as never);
    assert.equal((await fetch(url)).status, 500);
    const [fault] = told;
    assert.ok(fault?.type === 'fault');
    assert.ok(fault.problem.includes(`a handler gives back a Response, or nothing`), fault.problem);
    assert.ok(fault.problem.includes(`got ${said} (`), fault.problem);
  }
});

test('who answers by hand may give back whatever comes of it', async (t) => {
  const { url } = await handling(t, ((_request: unknown, _context: unknown, response: ServerResponse) =>
    response.end('by hand')) as never);
  assert.equal(await (await fetch(url)).text(), 'by hand');
  const piped = await handling(t, ((_request: unknown, _context: unknown, response: ServerResponse) =>
    Readable.from(['later']).pipe(response)) as never);
  assert.equal(await (await fetch(piped.url)).text(), 'later');
});

test('what is no handler is told at the door', async (t) => {
  const { mesh } = await handling(t, () => new Response('ok'));
  assert.throws(() => mesh.handler('ok' as never), {
    reason: 'request',
    message: /handler needs a function, got string/,
  });
});
