import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { aKey, aToken, bearer, ISSUER } from '../../auth/world.ts';
import { Authority, CertificateFiles, type Pair } from '../../support/certificates.ts';
import { askRaw, secureOrders, until } from './world.ts';

const ORDERS = 'spiffe://prod.example/orders';
const CHECKOUT = 'spiffe://prod.example/checkout';

/** `orders`, whose authority has issued a certificate to somebody and can revoke it. */
async function world(t: TestContext, make?: Parameters<typeof secureOrders>[3]) {
  const authority = await Authority.open(t);
  const [ours, theirs] = [
    await authority.issue({ names: [`URI:${ORDERS}`] }),
    await authority.issue({ names: [`URI:${CHECKOUT}`] }),
  ];
  const files = await CertificateFiles.open(t, ours, await authority.pem);
  const crl = await files.revoked(await authority.revoke());
  const orders = await secureOrders(t, { certificate: { ...files.paths, crl } }, {}, make);
  const revoke = async (): Promise<void> => {
    await files.revoked(await authority.revoke([theirs]));
    await until(() => orders.mesh.snapshot().identity!.certificate!.revoked === 1);
  };
  return { orders, theirs, revoke };
}

/** A connection that is made, and says nothing yet. */
async function opened(t: TestContext, port: number, pair: Pair, more: object = {}): Promise<TLSSocket> {
  const socket = connect({ ...pair, port, host: '127.0.0.1', rejectUnauthorized: false, ...more });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

const askOver = async (socket: TLSSocket): Promise<string> => {
  socket.write('GET / HTTP/1.1\r\nHost: orders\r\nConnection: close\r\n\r\n');
  return text(socket);
};

test('who was revoked is refused, too, over a connection that asks for the first time after that', async (t) => {
  const { orders, theirs, revoke } = await world(t);
  const [before, after] = [
    await opened(t, orders.port, theirs),
    await opened(t, orders.port, theirs), // made before, and silent until then
  ];
  assert.match(await askOver(before), /^HTTP\/1.1 200 /);
  await revoke();
  assert.match(await askOver(after), /^HTTP\/1.1 401 /);
  assert.equal(orders.audit.at(-1)!.problem, 'it has been revoked');
});

test('over HTTP/2, too, who was revoked is refused at once', async (t) => {
  const { orders, theirs, revoke } = await world(t, createSecureServer as never);
  const session = connectHttp2(orders.url, { ...theirs, rejectUnauthorized: false });
  t.after(() => session.destroy());
  const ask = async (): Promise<number> => {
    const stream = session.request({ ':path': '/' });
    const [answer] = await once(stream.resume(), 'response');
    return answer[':status'];
  };
  assert.deepEqual([await ask(), await ask()], [200, 200]);
  assert.equal(orders.audit.at(-1)!.principal, CHECKOUT);
  await revoke();
  assert.equal(await ask(), 401);
  assert.equal(orders.audit.at(-1)!.problem, 'it has been revoked');
});

test('a connection stays that of who made it: nothing is negotiated anew', async (t) => {
  const { orders, theirs } = await world(t);
  // Of TLS 1.3 there is no such thing. Who negotiates anew may show another certificate, for which nobody vouches.
  const socket = await opened(t, orders.port, theirs, { maxVersion: 'TLSv1.2' });
  const came = await new Promise((resolve) => {
    socket.on('error', resolve);
    socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error ?? 'it was negotiated anew'));
  });
  assert.match(String(came), /no renegotiation/i);
  assert.deepEqual(orders.audit, []);
});

test('what a server was told of TLS besides stays, with each certificate that it gets', async (t) => {
  const authority = await Authority.open(t);
  const issue = (days: number) => authority.issue({ names: [`URI:${ORDERS}`], days });
  const files = await CertificateFiles.open(t, await issue(5), await authority.pem);
  const { port, mesh } = await secureOrders(t, { certificate: files.paths }, {}, (options, answer) =>
    createServer({ ...options, minVersion: 'TLSv1.3', ciphers: 'TLS_AES_256_GCM_SHA384' }, answer),
  );
  const theirs = await authority.issue({ names: [`URI:${CHECKOUT}`] });
  const said = (more: object): Promise<string> =>
    opened(t, port, theirs, more).then((socket) => socket.getCipher().name, String);
  const check = async (): Promise<void> => {
    assert.match(await said({ maxVersion: 'TLSv1.2' }), /protocol version/i);
    assert.match(await said({ ciphers: 'TLS_AES_128_GCM_SHA256' }), /handshake failure/i);
    assert.equal(await said({}), 'TLS_AES_256_GCM_SHA384');
  };
  await check();
  await files.show(await issue(3));
  await until(() => mesh.snapshot().identity!.certificate!.leftMs < 4 * 24 * 3_600_000);
  await check();
});

test('so does by which version alone it speaks, and whose order of ciphers counts', async (t) => {
  const authority = await Authority.open(t);
  const issue = () => authority.issue({ names: [`URI:${ORDERS}`] });
  const files = await CertificateFiles.open(t, await issue(), await authority.pem);
  const [own, other] = ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256'];
  const told = { secureProtocol: 'TLSv1_2_method', ciphers: `${own}:${other}`, honorCipherOrder: false };
  const { port } = await secureOrders(t, { certificate: files.paths }, {}, (options, answer) =>
    createServer({ ...options, ...told }, answer),
  );
  const theirs = await authority.issue({ names: [`URI:${CHECKOUT}`] });
  const socket = await opened(t, port, theirs, { ciphers: `${other}:${own}` });
  assert.deepEqual([socket.getProtocol(), socket.getCipher().name], ['TLSv1.2', other]);
});

test('a token that its issuer has bound to a certificate is good over the connections of that one alone', async (t) => {
  const [authority, key] = await Promise.all([Authority.open(t), aKey('a')]);
  const [ours, theirs, another] = await Promise.all(
    [ORDERS, CHECKOUT, 'spiffe://prod.example/thief'].map((name) => authority.issue({ names: [`URI:${name}`] })),
  );
  const files = await CertificateFiles.open(t, ours!, await authority.pem);
  const issuers = [{ issuer: ISSUER, keys: { keys: [key.jwk] } }];
  const orders = await secureOrders(t, { certificate: files.paths, issuers });
  const come = async (pair: Partial<Pair>, cnf: unknown): Promise<string> => {
    const { status, body } = await askRaw(orders.port, pair, bearer(await aToken(key, Date.now(), { cnf })));
    return status === 200 ? JSON.parse(body).name : orders.audit.at(-1)!.problem;
  };
  const { fingerprint256 } = new X509Certificate(theirs!.cert);
  const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  const bound = { 'x5t#S256': thumbprint };
  assert.equal(await come(theirs!, bound), 'checkout');
  assert.equal(await come(another!, undefined), 'checkout'); // not bound: who has it may show it
  for (const thief of [another!, {}]) {
    assert.equal(await come(thief, bound), 'it is bound to another certificate than that of the connection');
  }
  // A key of DPoP (RFC 9449), or of another kind: a Bearer token says nothing of it.
  for (const other of [
    { jkt: thumbprint },
    { ...bound, jkt: thumbprint },
    { 'x5t#S256': null },
    {},
    null,
    thumbprint,
  ]) {
    assert.equal(await come(theirs!, other), 'it is bound to a key in a way that we can not check');
  }
});
