import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, type TestContext, test } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import type { IdentityOptions } from '../../../src/auth/options.ts';
import { createMesh } from '../../../src/mesh/create.ts';
import type { PolicySections } from '../../../src/policy/table.ts';
import { Authority, CertificateFiles } from '../../support/certificates.ts';
import { JavaPeer } from '../../support/java/peer.ts';
import { secureOrders, until } from '../auth/world.ts';

// What proves who somebody is, made by each side and believed by the other: Java knows the standards, and nothing of us.

const SECRET = 'a secret of checkout and orders, long enough';

let java: JavaPeer;
before(async () => {
  java = await JavaPeer.start();
});
after(() => java[Symbol.asyncDispose]());

/** A mesh of `orders`, which answers with who has sent a request, by what, and its body; and why others were refused. */
async function orders(t: TestContext, identity: IdentityOptions) {
  const policy = { defaults: { identify: { mode: 'enforce', required: true } } } as const;
  const mesh = await createMesh({ service: 'orders', registry: { fixed: {} }, identity, policy });
  t.after(() => mesh.close({ drainMs: 0, timeoutMs: 0 }));
  const problems: string[] = [];
  mesh.on((event) => void (event.type === 'identify' && problems.push(event.problem)));
  const server = createServer(
    mesh.handler(async (request, { principal: { by, name } }) => new Response(`${by} ${name} ${await text(request)}`)),
  );
  await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, problems };
}

/** A mesh of `checkout` that calls `orders` at `url`. */
async function checkout(t: TestContext, url: string, identity: IdentityOptions, policy: PolicySections) {
  const registry = { fixed: { orders: [url] } };
  const mesh = await createMesh({ service: 'checkout', registry, identity, policy: { defaults: policy } });
  t.after(() => mesh.close({ timeoutMs: 0 }));
  return mesh;
}

suite('signed requests', () => {
  const WHOLE = '"@method" "@path" "@query"';
  const USUAL = ';created=CREATED;keyid="checkout";nonce="NONCE";tag="orders"';

  test('what Java signs by RFC 9421 is believed, whatever of it is spelled in another way', async (t) => {
    const { url, problems } = await orders(t, { secrets: { checkout: SECRET } });
    const ask = async (said: Record<string, string>): Promise<string> => {
      const usual = { url: `${url}/orders/7?x=%2F+y`, secret: SECRET, components: WHOLE, parameters: USUAL };
      const answer = await java.tell('ask', { ...usual, ...said });
      return answer.startsWith('200 ') ? answer.slice('200 1.1 '.length) : problems.at(-1)!;
    };
    const known = 'signature checkout ';
    assert.equal(await ask({}), known);
    assert.equal(await ask({ url: `${url}/` }), known);
    assert.equal(await ask({ url: `${url}/a%20%c3%a9?` }), known);
    assert.equal(await ask({ components: '"@query" "@path" "@method"', label: 'a.b-c' }), known);
    assert.equal(
      await ask({ parameters: ';tag="orders";x;nonce="NONCE";alg="hmac-sha256";keyid="checkout";created=CREATED' }),
      known,
    );
    assert.equal(await ask({ beside: 'other=("@query-param";name="x" "@authority");created=1;alg="ed25519"' }), known);
    const posted = { method: 'POST', body: 'größer', components: `${WHOLE} "content-digest"` };
    assert.equal(await ask(posted), `${known}größer`);
    assert.equal(await ask({ ...posted, body: '' }), known);
    assert.equal(await ask({ method: 'POST', body: '' }), known);
    assert.equal(await ask({ method: 'POST', body: 'one' }), 'its body is not signed');
    assert.equal(await ask({ secret: SECRET.toUpperCase() }), 'its signature is not good');
    assert.equal(await ask({ components: '"@method" "@path"' }), 'it does not sign method, path and query');
  });

  test('what we sign Java believes, with its body', async (t) => {
    const port = await java.tell('serve', { secret: SECRET });
    const policy = { authenticate: { mode: 'signature' } } as const;
    const mesh = await checkout(t, `http://127.0.0.1:${port}`, { secrets: { orders: SECRET } }, policy);
    for (const [path, body] of [
      ['/', undefined],
      ['/a%20b/%C3%A9?c=%2F+d', undefined],
      ['/a?', undefined],
      ['/a?b', 'größer'],
    ] as const) {
      const answer = await mesh.fetch(`http://orders${path}`, body === undefined ? {} : { method: 'POST', body });
      assert.equal(await answer.text(), `checkout ${body ?? ''}`, path);
    }
  });
});

for (const [alg, makes] of [
  ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['EdDSA', () => generateKeyPairSync('ed25519')],
  ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2_048 })],
  ['PS256', () => generateKeyPairSync('rsa', { modulusLength: 2_048 })],
] as const) {
  test(`a token of Java is believed by us, and ours by Java: ${alg}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-java-'));
    t.after(() => rm(folder, { recursive: true }));
    const jwk = await java.tell('key', { alg });
    const { url, problems } = await orders(t, {
      issuers: [{ issuer: 'checkout', keys: { keys: [JSON.parse(jwk)] } }],
    });
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: 'checkout', sub: 'checkout', aud: ['stock', 'orders'], iat: now, exp: now + 60 };
    const header = JSON.stringify({ typ: 'JWT', alg, kid: 'java' });
    const token = await java.tell('token', { header, claims: JSON.stringify(claims), alg });
    const shown = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(await shown.text(), 'token checkout ', problems.at(-1));
    const other = await java.tell('token', { header, claims: JSON.stringify({ ...claims, aud: 'stock' }), alg });
    assert.equal((await fetch(url, { headers: { authorization: `Bearer ${other}` } })).status, 401);

    const { publicKey, privateKey } = makes();
    const key = join(folder, 'key.jwk');
    await writeFile(key, JSON.stringify({ ...privateKey.export({ format: 'jwk' }), alg }));
    const mesh = await checkout(t, url, { token: { key } }, { authenticate: { mode: 'token' } });
    let ours = '';
    await mesh.call('orders', async ({ headers }) => {
      ours = headers.authorization!.slice('Bearer '.length);
    });
    const ourKey = publicKey.export({ format: 'jwk' });
    const said = await java.tell('verify', { token: ours, jwk: JSON.stringify(ourKey), alg });
    const [readHeader, readClaims] = said
      .split('} {')
      .map((part, at) => JSON.parse(at === 0 ? `${part}}` : `{${part}`));
    assert.deepEqual(readHeader, { alg, typ: 'JWT', kid: await calculateJwkThumbprint(ourKey) });
    assert.deepEqual([readClaims.iss, readClaims.sub, readClaims.aud], ['checkout', 'checkout', 'orders']);
    await assert.rejects(java.tell('verify', { token: ours, jwk, alg }), /not signed by that key/);
  });
}

suite('certificates', () => {
  for (const [name, make] of [
    ['HTTP/1.1', createTls],
    ['HTTP/2', createSecureServer],
  ] as const) {
    test(`Java is known by its certificate over ${name}, by each TLS, and not after it was revoked`, async (t) => {
      const authority = await Authority.open(t);
      const [ours, theirs] = [
        await authority.issue({ names: ['URI:spiffe://prod.example/orders', 'IP:127.0.0.1'] }),
        await authority.issue({ names: ['URI:spiffe://prod.example/checkout'] }),
      ];
      const files = await CertificateFiles.open(t, ours, await authority.pem);
      const peer = await CertificateFiles.open(t, theirs, await authority.pem);
      const crl = await files.revoked(await authority.revoke());
      const identity = { certificate: { ...files.paths, crl } };
      const { url, mesh, audit } = await secureOrders(t, identity, {}, make as typeof createTls);
      const http = name === 'HTTP/2' ? '2' : '1';
      const ask = async (tls: string, certificate: object = peer.paths): Promise<string> => {
        const answer = await java.tell('ask', { url: `${url}/`, http, tls, ca: files.ca, ...certificate });
        const [, status, version, body] = /^(\d+) (\S+) (.*)$/.exec(answer)!;
        assert.equal(version, http === '2' ? '2' : '1.1');
        return status === '200' ? JSON.parse(body!).name : audit.at(-1)!.problem;
      };
      for (const tls of ['TLSv1.2', 'TLSv1.3']) {
        assert.equal(await ask(tls), 'spiffe://prod.example/checkout', tls);
        assert.equal(await ask(tls), 'spiffe://prod.example/checkout', tls);
        assert.equal(await ask(tls, {}), 'nothing was shown', tls);
      }
      await files.revoked(await authority.revoke([theirs]));
      await until(() => mesh.snapshot().identity!.certificate!.revoked === 1);
      for (const tls of ['TLSv1.2', 'TLSv1.3']) assert.equal(await ask(tls), 'it has been revoked', tls);
    });
  }
});
