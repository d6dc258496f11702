import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { createMesh } from '../../../src/mesh/create.ts';
import { aKey, aToken, bearer, ISSUER, type TestKey } from '../../auth/world.ts';

const ROUND_MS = 1_000;
const EACH_MS = 20;
const AT_ONCE = 10; // 500 a second

/** An issuer that lists its keys over HTTP, until it goes away. */
async function anIssuer(t: TestContext) {
  const keys: TestKey[] = [];
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  t.after(close);
  return { keys, close, asked: () => asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys` };
}

/** A service that lets in who has a token of the issuer. */
async function orders(t: TestContext, keys: string) {
  const mesh = await createMesh({
    service: 'orders',
    registry: { fixed: {} },
    identity: { issuers: [{ issuer: ISSUER, keys }] },
    policy: { defaults: { identify: { mode: 'enforce', required: true } } },
  });
  const server = createServer(mesh.handler((_, { principal }) => Response.json(principal)));
  server.keepAliveTimeout = 3_600_000; // where the machine stands still it would end what is used again just then
  await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: 8 });
  t.after(async () => {
    await pool.destroy();
    await mesh.close({ drainMs: 0, timeoutMs: 0 });
  });
  return pool;
}

test('keys are rotated at 500 requests a second, then the issuer goes away, and no token of it is refused', {
  timeout: 180_000,
}, async (t) => {
  const issuer = await anIssuer(t);
  const pool = await orders(t, issuer.url);
  // As many as an issuer is asked for at once; strangers name keys as they like, so a fourth would wait for ten seconds.
  const keys = await Promise.all(['1', '2', '3'].map((id) => aKey(id)));
  const seen = new Map<number, number>();
  let asked = 0;
  const ask = async (key: TestKey, sub: string): Promise<void> => {
    const token = await aToken(key, Date.now(), { sub }); // each another one: none is known from before
    const { statusCode, body } = await pool.request({ path: '/', method: 'GET', headers: bearer(token) });
    const answer = (await body.json()) as { readonly name?: string };
    const status = statusCode === 200 && answer.name !== sub ? -1 : statusCode;
    seen.set(status, (seen.get(status) ?? 0) + 1);
  };
  const underWay = new Map<TestKey, Set<Promise<void>>>();
  const answered = (key: TestKey) => Promise.all(underWay.get(key) ?? []);
  const load = async (key: TestKey): Promise<void> => {
    const some = underWay.get(key) ?? new Set<Promise<void>>();
    underWay.set(key, some);
    for (let at = 0; at < ROUND_MS / EACH_MS; at++) {
      for (let one = 0; one < AT_ONCE; one++) {
        const asking = ask(key, `caller-${asked++}`).finally(() => some.delete(asking));
        some.add(asking);
      }
      await pause(EACH_MS);
    }
  };
  for (const key of keys) {
    issuer.keys.push(key); // it signs from the moment on that it is listed, and the one before it has gone a round later
    if (issuer.keys.length > 2) {
      await answered(issuer.keys[0]!); // as they were long ago, but where a machine is busy
      issuer.keys.shift();
    }
    await load(key);
  }
  await answered(keys.at(-1)!); // or a busy machine would not have asked for it yet
  issuer.close();
  await load(keys.at(-1)!);
  await Promise.all(keys.map(answered));
  assert.deepEqual([...seen], [[200, asked]]);
  assert.equal(asked, 2_000);
  assert.ok(issuer.asked() <= keys.length, `${issuer.asked()}`); // a busy machine may find two at once
});
