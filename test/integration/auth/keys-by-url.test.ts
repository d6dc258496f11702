import assert from 'node:assert/strict';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { keySet } from '../../../src/auth/sources.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { aKey, anIdentified, ask, aToken, bearer, ISSUER, type TestKey } from '../../auth/world.ts';

let key: TestKey;
before(async () => {
  key = await aKey('a');
});

/** An issuer whose keys are asked for over HTTP. */
async function issuer(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
}

const keys = () => JSON.stringify({ keys: [key.jwk] });

test('keys are asked for when a token comes, once, and again for a key that is not known', async (t) => {
  let [asked, listed] = [0, [key]];
  const url = await issuer(t, (request, response) => {
    asked++;
    assert.equal(request.headers.accept, 'application/jwk-set+json, application/json');
    response.end(JSON.stringify({ keys: listed.map(({ jwk }) => jwk) }));
  });
  const { mesh, env } = await anIdentified({ issuers: [{ issuer: ISSUER, keys: url }] });
  assert.equal(asked, 0);
  const status = async (from: TestKey, sub: string) =>
    (await ask(mesh, bearer(await aToken(from, env.clock.epoch(), { sub })))).status;
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((sub) => status(key, sub))), [200, 200, 200]);
  assert.equal(asked, 1);
  const next = await aKey('next');
  listed = [key, next];
  assert.deepEqual([await status(next, 'a'), await status(key, 'd')], [200, 200]);
  assert.equal(asked, 2);
  const [facts] = mesh.snapshot().identity!.issuers;
  assert.deepEqual(facts, { issuer: ISSUER, keys: 2, ageMs: 0, problem: '' });
  await mesh.close();
  assert.equal(env.clock.pending, 0);
});

test('a source that gives keys as the media type that they have, and as no other, is asked for that', async (t) => {
  const listener: RequestListener = ({ headers: { accept = '*/*' } }, response) => {
    const type = 'application/jwk-set+json'; // RFC 7517, 8.5
    const accepted = accept.split(',').map((range) => range.split(';', 1)[0]!.trim());
    if (!accepted.includes(type) && !accepted.includes('*/*'))
      response.writeHead(406).end(); // as JAX-RS does
    else response.writeHead(200, { 'content-type': type }).end(keys());
  };
  const set = keySet(testEnv(), await issuer(t, listener));
  assert.equal((await set.find('a', 'ES256')).length, 1, set.problem);
});

const broken: Readonly<Record<string, RequestListener>> = {
  fails: (_, response) => response.writeHead(503).end(keys()),
  'sends elsewhere': ({ url }, response) =>
    url === '/keys' ? response.writeHead(302, { location: '/there' }).end() : response.end(keys()),
  'answers with a page': (_, response) => response.end('<html>'),
  'never stops': (_, response) => {
    const more = (): void => {
      if (response.destroyed) return;
      response.write(' '.repeat(65_536));
      setImmediate(more);
    };
    more();
  },
  'says that nothing has changed': (_, response) => response.writeHead(304).end(),
  'packs too much': (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(`${keys()}${' '.repeat(20_000_000)}`)),
  'breaks off': (_, response) => {
    response.write(keys().slice(0, 20));
    setImmediate(() => response.destroy());
  },
};
for (const [what, listener] of Object.entries(broken)) {
  test(`a source that ${what} gives no keys`, async (t) => {
    const env = testEnv();
    const set = keySet(env, await issuer(t, listener));
    assert.deepEqual(await set.find('a', 'ES256'), []);
    assert.equal(set.size, 0);
    assert.equal(env.clock.pending, 0);
  });
}

const hanging: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'never answers': () => {},
  'begins to answer and says no more': (response) => response.flushHeaders(),
  'never ends its answer': (response) => response.write(keys().slice(0, 20)),
};
for (const [what, begin] of Object.entries(hanging)) {
  test(`a source that ${what} is given up after five seconds`, async (t) => {
    const env = testEnv();
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    const url = await issuer(t, (_, response) => {
      begin(response);
      response.on('close', close);
      resolve();
    });
    const set = keySet(env, url);
    const found = set.find('a', 'ES256');
    await reached;
    await env.clock.advance(5_000);
    assert.deepEqual(await found, []);
    assert.equal(set.problem?.replace(/^.*: /, ''), 'no answer in time');
    await closed; // nor is the connection held
    assert.equal(env.clock.pending, 0);
  });
}
