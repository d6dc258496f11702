import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { MeshError } from '../../../src/core/errors.ts';
import { ofBoth } from '../../support/both-fetches.ts';
import { echo, type Seen, see, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

/** Sends `/302/to/x` on to `/to/x` with status 302, and echoes the rest. */
const sending: RequestListener = (request, response) => {
  const [, status, to] = /^\/(3\d\d)(\/.*)$/.exec(request.url!) ?? [];
  if (status === undefined) return echo(request, response);
  see(request).then(() => response.writeHead(Number(status), { location: to }).end('moved'));
};

const seen = async (response: Promise<Response>) => (await (await response).json()) as Seen;

for (const status of [301, 302, 303, 307, 308]) {
  ofBoth(`${status} is followed`, sending, async ({ fetch, base }) => {
    const response = await fetch(`${base}/${status}/there?a#b`);
    assert.deepEqual([response.status, response.redirected, response.url], [200, true, `${base}/there?a`]);
    assert.equal(((await response.json()) as Seen).url, '/there?a');
  });

  for (const method of ['POST', 'PUT', 'DELETE']) {
    ofBoth(`${method} after ${status} is what the standard says`, sending, async ({ fetch, base }) => {
      const headers = { 'content-language': 'en', 'x-own': 'stays' };
      const sent = await seen(fetch(`${base}/${status}/there`, { method, body: 'hello', headers }));
      const asGet = status === 303 || (status < 303 && method === 'POST');
      assert.deepEqual([sent.method, sent.body], asGet ? ['GET', ''] : [method, 'hello']);
      assert.equal(sent.headers['content-type'], asGet ? undefined : 'text/plain;charset=UTF-8');
      assert.equal(sent.headers['content-language'], asGet ? undefined : 'en');
      assert.equal(sent.headers['x-own'], 'stays');
    });
  }

  ofBoth(`HEAD after ${status} stays HEAD`, sending, async ({ fetch, base }) => {
    const response = await fetch(`${base}/${status}/there`, { method: 'HEAD' });
    assert.deepEqual([response.status, response.url, response.body], [200, `${base}/there`, null]);
  });

  ofBoth(`${status} is an error where that is asked for`, sending, async ({ fetch, base }) => {
    await assert.rejects(fetch(`${base}/${status}/there`, { redirect: 'error' }), TypeError);
  });

  ofBoth(`${status} is an answer where that is asked for`, sending, async ({ fetch, base }) => {
    const response = await fetch(`${base}/${status}/there`, { redirect: 'manual' });
    assert.deepEqual([response.status, response.redirected, response.type], [status, false, 'basic']);
    assert.equal(response.url, `${base}/${status}/there`);
    assert.equal(response.headers.get('location'), '/there');
    assert.equal(await response.text(), 'moved');
  });
}

ofBoth('several in a row are followed, twenty at most', sending, async ({ fetch, base }) => {
  assert.equal((await fetch(`${base}${'/302'.repeat(20)}/there`)).url, `${base}/there`);
  await assert.rejects(fetch(`${base}${'/302'.repeat(21)}/there`), TypeError);
});

ofBoth(
  'one that says nowhere is an answer',
  (_, response) => void response.writeHead(302).end('where?'),
  async ({ fetch, base }) => {
    const response = await fetch(base);
    assert.deepEqual([response.status, response.redirected], [302, false]);
    assert.equal(await response.text(), 'where?');
  },
);

ofBoth(
  'one to what is no URL, or not http, is a TypeError',
  (request, response) => {
    response.writeHead(302, { location: request.url === '/a' ? 'http://' : 'ftp://orders/' }).end();
  },
  async ({ fetch, base }) => {
    await assert.rejects(fetch(`${base}/a`), TypeError);
    await assert.rejects(fetch(`${base}/b`), TypeError);
  },
);

ofBoth(
  'a Location that is relative, or beyond ASCII, is read as a URL',
  (request, response) => {
    if (request.url!.startsWith('/a/b')) {
      response.setHeader('location', Buffer.from('../ü?q').toString('latin1'));
      response.writeHead(302).end();
    } else echo(request, response);
  },
  async ({ fetch, base }) => {
    assert.equal((await fetch(`${base}/a/b/c`)).url, `${base}/a/%C3%BC?q`);
  },
);

ofBoth('a stream can not be sent on', sending, async ({ fetch, base }) => {
  const init = () => ({ method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' }) as const;
  await assert.rejects(fetch(`${base}/307/there`, init()), TypeError);
  assert.equal((await seen(fetch(`${base}/303/there`, init()))).method, 'GET');
});

ofBoth('the body of a Request can be sent on', sending, async ({ fetch, base }) => {
  const request = new Request(`${base}/307/there`, { method: 'POST', body: 'hello' });
  assert.equal((await seen(fetch(request))).body, 'hello');
});

ofBoth('secrets stay within the origin', sending, async ({ fetch, base }) => {
  const headers = { authorization: 'secret', cookie: 'secret' };
  const sent = await seen(fetch(`${base}/302/there`, { headers }));
  assert.deepEqual([sent.headers.authorization, sent.headers.cookie], ['secret', 'secret']);
});

/** A mesh of two services, of which the first sends everything to `location`. */
async function meshOf(t: import('node:test').TestContext, location: (url: string) => string) {
  const server = await serve(t, (request, response) =>
    request.url === '/go'
      ? void response.writeHead(302, { location: location(server.url) }).end()
      : echo(request, response),
  );
  const others = await serve(t, echo);
  return transportTo(t, { orders: [server.url], others: [others.url], down: ['http://127.0.0.1:1'] });
}

test('the name of another service leads there, through the mesh and without secrets', async (t) => {
  const { fetch, caller } = await meshOf(t, () => 'http://others/there');
  const headers = { authorization: 'secret', cookie: 'secret', 'proxy-authorization': 'secret', 'x-own': 'stays' };
  const response = await fetch('http://orders/go', { headers });
  assert.equal(response.url, 'http://others/there');
  const seen = (await response.json()) as Seen;
  assert.ok(!JSON.stringify(seen).includes('secret'));
  assert.equal(seen.headers['x-own'], 'stays');
  assert.deepEqual(
    caller.calls.map(({ service, path }) => [service, path]),
    [
      ['orders', '/go'],
      ['others', '/there'],
    ],
  );
});

test('the own address of an endpoint stands for its service', async (t) => {
  const { fetch, caller } = await meshOf(t, (url) => `${url}/there`);
  const response = await fetch('http://orders/go', { headers: { authorization: 'secret' } });
  assert.equal(response.url, 'http://orders/there');
  assert.equal(((await response.json()) as Seen).headers.authorization, 'secret');
  assert.deepEqual(
    caller.calls.map(({ service }) => service),
    ['orders', 'orders'],
  );
});

test('any other address is refused, so that no answer makes us call what it likes', async (t) => {
  for (const location of [
    'http://169.254.169.254:8080/latest',
    'https://others/',
    'http://a:b@others/',
    'http://localhost:1/',
  ]) {
    const { fetch, caller } = await meshOf(t, () => location);
    await assert.rejects(fetch('http://orders/go'), (error) => {
      assert.ok(error instanceof TypeError && MeshError.is(error.cause));
      assert.match(error.cause.message, /^orders: redirects to \S+, which is not a service/);
      return true;
    });
    assert.equal(caller.calls.length, 1);
  }
});

test('a failure after a redirect names the service that failed', async (t) => {
  const { fetch } = await meshOf(t, () => 'http://down/');
  await assert.rejects(fetch('http://orders/go'), (error: Error) =>
    /^MeshError: down: .* refused/.test(String(error.cause)),
  );
});
