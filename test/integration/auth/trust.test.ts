import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { MeshError } from '../../../src/core/errors.ts';
import { Authority, CertificateFiles, type Pair } from '../../support/certificates.ts';
import { askRaw, checkout, secureOrders, until } from './world.ts';

const ORDERS = 'spiffe://prod.example/orders';
const CHECKOUT = 'spiffe://prod.example/checkout';
const PAY = 'spiffe://partner.example/pay';

/** Asks again and again over one connection, as who keeps it does. */
function kept(t: TestContext, port: number, pair: Pair) {
  const agent = new Agent({ ...pair, keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  t.after(() => agent.destroy());
  const sockets = new Set<unknown>();
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, agent, path: '/' }, (answer) => {
        sockets.add(answer.socket);
        answer.resume().on('end', () => resolve(answer.statusCode!));
      });
      asked.on('error', reject).end();
    });
  return { ask, sockets };
}

test('who stands on a list of revoked certificates is refused at once, over a connection that there was, too', {
  timeout: 180_000,
}, async (t) => {
  const authority = await Authority.open(t);
  const [ours, good, bad] = await Promise.all([
    authority.issue({ names: [`URI:${ORDERS}`] }),
    authority.issue({ names: [`URI:${CHECKOUT}`] }),
    authority.issue({ names: ['URI:spiffe://prod.example/lost'] }),
  ]);
  const files = await CertificateFiles.open(t, ours, await authority.pem);
  const crl = await files.revoked(await authority.revoke());
  const orders = await secureOrders(t, { certificate: { ...files.paths, crl } });
  const [one, other] = [kept(t, orders.port, bad), kept(t, orders.port, good)];
  assert.deepEqual([await one.ask(), await other.ask()], [200, 200]);

  await files.revoked(await authority.revoke([bad]));
  await until(() => orders.mesh.snapshot().identity!.certificate!.revoked === 1);
  assert.deepEqual([await one.ask(), await other.ask()], [401, 200]);
  assert.equal(orders.audit.at(-2)!.problem, 'it has been revoked');
  assert.deepEqual([one.sockets.size, other.sockets.size], [1, 1]); // each over the connection that it had
  assert.equal((await askRaw(orders.port, bad)).status, 401); // and over a new one
  assert.match(orders.audit.at(-1)!.problem, /no authority of ours vouches for it: CERT_REVOKED/);
  assert.equal((await askRaw(orders.port, good)).status, 200);
});

test('where a list has ended nobody is believed, and where it can not be read the one before stays', {
  timeout: 180_000,
}, async (t) => {
  const authority = await Authority.open(t);
  const [ours, good] = await Promise.all([
    authority.issue({ names: [`URI:${ORDERS}`] }),
    authority.issue({ names: [`URI:${CHECKOUT}`] }),
  ]);
  const files = await CertificateFiles.open(t, ours, await authority.pem);
  const crl = await files.revoked('no list');
  await assert.rejects(
    secureOrders(t, { certificate: { ...files.paths, crl } }),
    /identity.certificate can not be used: there is no X509 CRL in it/,
  );
  await files.revoked(await authority.revoke([], -1));
  const orders = await secureOrders(t, { certificate: { ...files.paths, crl } });
  assert.equal((await askRaw(orders.port, good)).status, 401);
  assert.match(orders.audit.at(-1)!.problem, /CRL_HAS_EXPIRED/);
  await files.revoked(await authority.revoke());
  await until(async () => (await askRaw(orders.port, good)).status === 200);
  await files.revoked('broken');
  await new Promise((resolve) => setTimeout(resolve, 2_500)); // the files are looked at once a second
  assert.equal((await askRaw(orders.port, good)).status, 200);
});

test('a mesh does not call whose certificate has been revoked', { timeout: 180_000 }, async (t) => {
  const authority = await Authority.open(t);
  const [theirs, ours] = await Promise.all([
    authority.issue({ names: [`URI:${ORDERS}`] }),
    authority.issue({ names: [`URI:${CHECKOUT}`] }),
  ]);
  const [ca, none] = [await authority.pem, await authority.revoke()];
  const orders = await secureOrders(t, { certificate: (await CertificateFiles.open(t, theirs, ca)).paths });
  const files = await CertificateFiles.open(t, ours, ca);
  const crl = await files.revoked(none);
  const certificate = { ...files.paths, crl, replaceMs: 100 };
  const policy = { authenticate: { peers: [ORDERS] }, retry: { attempts: 1 } };
  const mesh = await checkout(t, orders.url, { certificate }, policy);
  const ask = async (): Promise<string> => {
    try {
      const { statusCode, body } = await mesh.request('http://orders/');
      await body.dump();
      return String(statusCode);
    } catch (error) {
      assert.ok(MeshError.is(error) && error.sent === 'no');
      return error.message;
    }
  };
  assert.equal(await ask(), '200');
  await files.revoked(await authority.revoke([theirs]));
  await until(async () => (await ask()) !== '200'); // the connection that there was gives way
  assert.match(await ask(), /CERT_REVOKED/);
});

test('no session is resumed: who comes again proves itself by what is believed then', async (t) => {
  const authority = await Authority.open(t);
  const [theirs, ours] = [
    await authority.issue({ names: [`URI:${ORDERS}`] }),
    await authority.issue({ names: [`URI:${CHECKOUT}`] }),
  ];
  const files = await CertificateFiles.open(t, theirs, await authority.pem);
  const orders = await secureOrders(t, { certificate: files.paths });
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const go = (session?: Buffer): Promise<{ session: Buffer | undefined; reused: boolean }> =>
      new Promise((resolve, reject) => {
        const options = { ...ours, port: orders.port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion };
        let reused = false;
        let given: Buffer | undefined;
        const socket = connect({ ...options, ...(session && { session }) }, () => {
          reused = socket.isSessionReused();
          given ??= socket.getSession();
          socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        });
        socket.on('session', (one) => {
          given = one;
        });
        socket.on('error', reject).resume();
        socket.on('close', () => resolve({ session: given, reused }));
      });
    const first = await go();
    assert.equal((await go(first.session)).reused, false, maxVersion);
  }
});

/** `orders`, which believes two trust domains, each by its own authority. */
async function federated(t: TestContext) {
  const [own, partner] = await Promise.all([Authority.open(t, 'own'), Authority.open(t, 'partner')]);
  const files = await CertificateFiles.open(t, await own.issue({ names: [`URI:${ORDERS}`] }), await own.pem);
  const theirs = await CertificateFiles.open(t, await partner.issue({ names: [`URI:${PAY}`] }), await partner.pem);
  const bundles = { 'partner.example': theirs.ca };
  const orders = await secureOrders(t, { certificate: { ...files.paths, bundles } });
  return { own, partner, files, theirs, orders, bundles };
}

test('a certificate of a trust domain needs an authority of that domain, whoever else is believed', async (t) => {
  const { own, partner, orders } = await federated(t);
  const ask = async (authority: Authority, ...names: string[]) => {
    const { status, body } = await askRaw(orders.port, await authority.issue({ names }));
    return status === 200 ? JSON.parse(body).name : orders.audit.at(-1)!.problem;
  };
  assert.equal(await ask(own, `URI:${CHECKOUT}`), CHECKOUT);
  assert.equal(await ask(partner, `URI:${PAY}`), PAY);
  assert.equal(await ask(partner, `URI:${CHECKOUT}`), "no authority of the trust domain 'prod.example' vouches for it");
  assert.equal(await ask(own, `URI:${PAY}`), "no authority of the trust domain 'partner.example' vouches for it");
  // Who is known by the name of a host is for our own authorities.
  assert.equal(await ask(own, 'DNS:host.example'), 'host.example');
  assert.equal(await ask(partner, 'DNS:host.example'), 'no authority of ours vouches for it');
  assert.equal(
    await ask(partner, 'URI:spiffe://third.example/x'),
    "no authority of the trust domain 'third.example' vouches for it",
  );
});

/** Whether this Node shows a server what a client sends besides its certificate (nodejs/node#65579 does not). */
async function isShown(t: TestContext, ca: string, pair: Pair): Promise<boolean> {
  const server = createServer({ ...pair, ca, requestCert: true, rejectUnauthorized: false });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const seen = new Promise<boolean>((resolve) => {
    server.on('secureConnection', (socket) => {
      resolve(socket.getPeerCertificate(true).issuerCertificate !== undefined);
      socket.end();
    });
  });
  const { port } = server.address() as AddressInfo;
  connect({ ...pair, port, host: '127.0.0.1', rejectUnauthorized: false }).resume();
  return seen;
}

test('an authority may stand between, where it is shown with the certificate or stands in the bundle', async (t) => {
  const { own, partner, files, orders } = await federated(t);
  const [between, fake] = await Promise.all([Authority.open(t, 'between'), Authority.open(t, 'own')]);
  const ask = async (name: string, ...chain: string[]) => {
    const leaf = await between.issue({ names: [`URI:${name}`] });
    return (await askRaw(orders.port, { ...leaf, cert: [leaf.cert, ...chain].join('') })).status;
  };
  const real = await own.issueAuthority(between);
  const leaf = await between.issue({ names: [`URI:${CHECKOUT}`] });
  const shown = await isShown(t, await own.pem, { ...leaf, cert: leaf.cert + real });
  assert.equal(await ask(CHECKOUT, real), shown ? 200 : 401);
  assert.equal(await ask(PAY, await partner.issueAuthority(between)), shown ? 200 : 401);
  assert.equal(await ask(PAY, real), 401);
  assert.equal(await ask(CHECKOUT, await fake.issueAuthority(between)), 401);
  assert.equal(await ask(CHECKOUT), 401);
  await files.trust(await own.pem, real);
  await until(async () => (await ask(CHECKOUT)) === 200);
  assert.equal(await ask(PAY, real), 401);
});

test('bundles are replaced without a restart', { timeout: 180_000 }, async (t) => {
  const { partner, theirs, orders } = await federated(t);
  const next = await Authority.open(t, 'partner');
  const pair = await next.issue({ names: [`URI:${PAY}`] });
  assert.equal((await askRaw(orders.port, pair)).status, 401);
  await theirs.trust(await partner.pem, await next.pem);
  await until(async () => (await askRaw(orders.port, pair)).status === 200);
});

test('a mesh believes a service of another domain by its authority, and by no other', async (t) => {
  const { own, partner, files, theirs } = await federated(t);
  const bundles = { 'partner.example': theirs.ca };
  const certificate = { ...files.paths, bundles };
  const call = async (shown: Pair, peers: string[], cas: string) => {
    const server = await secureOrders(
      t,
      { certificate: (await CertificateFiles.open(t, shown, cas)).paths },
      { trustDomains: ['prod.example'] },
    );
    const mesh = await checkout(t, server.url, { certificate }, { authenticate: { peers }, retry: { attempts: 1 } });
    try {
      const { statusCode, body } = await mesh.request('http://orders/');
      await body.dump();
      return statusCode;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const cas = (await own.pem) + (await partner.pem);
  const issue = (by: Authority, ...names: string[]) => by.issue({ names: [...names, 'IP:127.0.0.1'] });
  assert.equal(await call(await issue(partner, `URI:${PAY}`), [PAY], cas), 200);
  assert.equal(await call(await issue(own, `URI:${ORDERS}`), [ORDERS], cas), 200);
  assert.match(String(await call(await issue(partner, `URI:${ORDERS}`), [ORDERS], cas)), /UNABLE_TO_GET_ISSUER_CERT/);
  // Without peers a service is known by its host, for which only our own authorities vouch.
  assert.equal(await call(await issue(own), [], cas), 200);
  assert.match(String(await call(await issue(partner, `URI:${PAY}`), [], cas)), /UNABLE_TO_GET_ISSUER_CERT/);
});
