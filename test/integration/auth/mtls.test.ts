import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import type { IdentityOptions } from '../../../src/auth/options.ts';
import { MeshError } from '../../../src/core/errors.ts';
import type { Principal } from '../../../src/core/principal.ts';
import { Authority, CertificateFiles, type Said } from '../../support/certificates.ts';
import { askRaw, checkout, secureOrders } from './world.ts';

const ORDERS = 'spiffe://prod.example/orders';
const CHECKOUT = 'spiffe://prod.example/checkout';
const LEAF = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];

/** `orders`, over TLS, whose authority is the one given. */
async function world(t: TestContext, policy: Parameters<typeof secureOrders>[2] = {}) {
  const authority = await Authority.open(t);
  const pair = await authority.issue({ names: [`URI:${ORDERS}`] });
  const files = await CertificateFiles.open(t, pair, await authority.pem);
  const orders = await secureOrders(t, { certificate: files.paths }, policy);
  return { authority, orders };
}

test('two meshes with certificates prove to each other who they are', async (t) => {
  const { authority, orders } = await world(t);
  const files = await CertificateFiles.open(
    t,
    await authority.issue({ names: [`URI:${CHECKOUT}`] }),
    await authority.pem,
  );
  const mesh = await checkout(t, orders.url, { certificate: files.paths }, { authenticate: { peers: [ORDERS] } });
  const answer = (await (await mesh.fetch('http://orders/orders/7')).json()) as Principal;
  assert.deepEqual([answer.name, answer.by, answer.issuer], [CHECKOUT, 'certificate', 'prod.example']);
  assert.equal(orders.audit[0]?.principal, CHECKOUT);
  const { identity } = mesh.snapshot();
  assert.deepEqual([identity?.certificate?.name, identity?.certificate?.authorities], [CHECKOUT, 1]);
  assert.ok(identity!.certificate!.leftMs > 6 * 24 * 3_600_000);
  assert.match(mesh.explain('orders'), /certificate: spiffe:\/\/prod.example\/checkout, good for 16[78]h/);
});

test('a server that proves to be another than the policy lists is told nothing', async (t) => {
  const { authority, orders } = await world(t);
  const files = await CertificateFiles.open(
    t,
    await authority.issue({ names: [`URI:${CHECKOUT}`] }),
    await authority.pem,
  );
  const refused = async (authenticate: { peers?: string[] }, why: RegExp) => {
    const mesh = await checkout(t, orders.url, { certificate: files.paths }, { authenticate, retry: { attempts: 1 } });
    await assert.rejects(mesh.request('http://orders/'), (error) => {
      assert.ok(MeshError.is(error) && error.reason === 'connect' && error.sent === 'no');
      assert.match(error.message, why);
      return true;
    });
  };
  await refused({ peers: ['spiffe://prod.example/payments', 'spiffe://prod.example/orders2'] }, /ALTNAME_INVALID/);
  await refused({}, /ALTNAME_INVALID/); // without peers it must name the host, and names none
  const { NODE_TLS_REJECT_UNAUTHORIZED: before } = process.env;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // set for somebody else
  t.after(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });
  await refused({ peers: ['spiffe://prod.example/payments'] }, /ALTNAME_INVALID/);
  assert.deepEqual(orders.audit, []);
});

test('a server whose authority is not ours is told nothing', async (t) => {
  const { orders } = await world(t);
  const other = await Authority.open(t, 'other');
  const files = await CertificateFiles.open(t, await other.issue({ names: [`URI:${CHECKOUT}`] }), await other.pem);
  const mesh = await checkout(t, orders.url, { certificate: files.paths }, { authenticate: { peers: [ORDERS] } });
  await assert.rejects(mesh.request('http://orders/'), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/);
});

test('a server that shall prove who it is and has no TLS is told nothing, whatever its record says', async (t) => {
  const authority = await Authority.open(t);
  const pair = await authority.issue({ names: [`URI:${CHECKOUT}`] });
  const files = await CertificateFiles.open(t, pair, await authority.pem);
  let asked = 0;
  const plain = createServer((_, response) => {
    asked++;
    response.end('come in');
  });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  t.after(() => plain.close().closeAllConnections());
  const url = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  const policy = { authenticate: { peers: [ORDERS] } };
  const refused = async (identity: IdentityOptions, why: RegExp) => {
    const mesh = await checkout(t, url, identity, policy);
    await assert.rejects(mesh.request('http://orders/', { headers: { cookie: 'a secret' } }), (error) => {
      assert.ok(MeshError.is(error) && error.reason === 'connect' && error.sent === 'no');
      assert.match(error.message, why);
      return true;
    });
  };
  await refused({ certificate: files.paths }, /authenticate.peers wants it .* its record says that it has no TLS/);
  await refused({}, /authenticate.peers wants it .* there is no identity.certificate/);
  assert.equal(asked, 0);
});

const refusals: readonly (readonly [string, Said, RegExp])[] = [
  [
    'of a foreign trust domain',
    { names: ['URI:spiffe://evil.example/checkout'] },
    /the trust domain 'evil.example' is not ours/,
  ],
  ['that has expired', { names: [`URI:${CHECKOUT}`], days: -1 }, /it has expired/],
  ['with two URIs', { names: [`URI:${CHECKOUT}`, 'URI:spiffe://prod.example/admin'] }, /it has 2 URIs/],
  [
    'of an authority',
    { names: [`URI:${CHECKOUT}`], more: ['basicConstraints=critical,CA:TRUE'] },
    /that of an authority/,
  ],
  [
    'that may sign others',
    {
      names: [`URI:${CHECKOUT}`],
      more: ['basicConstraints=CA:FALSE', 'keyUsage=critical,digitalSignature,keyCertSign'],
    },
    /may sign certificates/,
  ],
  [
    'that may sign lists of revocation',
    { names: [`URI:${CHECKOUT}`], more: ['basicConstraints=CA:FALSE', 'keyUsage=digitalSignature,cRLSign'] },
    /may sign certificates/,
  ],
  [
    'that is not for proofs',
    { names: [`URI:${CHECKOUT}`], more: ['keyUsage=critical,keyAgreement'] },
    /may not be used to prove/,
  ],
  ['that names nobody', { names: [] }, /names nobody/],
  ['of an address', { names: ['IP:127.0.0.1'] }, /names nobody/],
  ['with a wildcard', { names: ['DNS:*.prod.example'] }, /no name of one host/],
  ['with another URI', { names: ['URI:https://prod.example/checkout'] }, /no SPIFFE ID/],
  ['of a trust domain alone', { names: ['URI:spiffe://prod.example'] }, /no SPIFFE ID/],
  ['with a way out of its path', { names: ['URI:spiffe://prod.example/a/../checkout'] }, /no SPIFFE ID/],
];

test('what is no good certificate is refused, for a reason that the audit tells and the answer does not', async (t) => {
  const { authority, orders } = await world(t);
  for (const [what, said, why] of refusals) {
    const told = orders.audit.length;
    const { status, headers, body } = await askRaw(orders.port, await authority.issue({ more: LEAF, ...said }));
    assert.equal(status, 401, what);
    const [event] = orders.audit.slice(told);
    assert.match(event!.problem, why, what);
    assert.deepEqual([event!.principal, event!.enforced], ['', true]);
    assert.deepEqual(Object.keys(JSON.parse(body)).sort(), ['code', 'detail', 'status', 'title', 'type']);
    const answered = JSON.stringify([headers, body]);
    for (const word of ['expired', 'trust domain', 'URI', 'authority', 'evil', 'SPIFFE', event!.problem]) {
      assert.ok(!answered.includes(word), `${what}: the answer says '${word}'`);
    }
  }
});

test('one whose authority is not ours is refused, and so is who shows none, where that is required', async (t) => {
  const { orders } = await world(t);
  const other = await Authority.open(t, 'other');
  const { status } = await askRaw(orders.port, await other.issue({ names: [`URI:${CHECKOUT}`] }));
  assert.equal(status, 401);
  assert.match(orders.audit.at(-1)!.problem, /no authority of ours vouches for it: [A-Z_]+/);
  assert.equal((await askRaw(orders.port, {})).status, 401);
  assert.equal(orders.audit.at(-1)!.problem, 'nothing was shown');
});

test('a host goes by the first of its DNS names, and other trust domains by the policy', async (t) => {
  const { authority, orders } = await world(t, { trustDomains: ['partner.example'] });
  const ask = async (...names: string[]) => askRaw(orders.port, await authority.issue({ names }));
  const host = JSON.parse((await ask('DNS:Checkout.prod.example', 'DNS:b.example')).body);
  assert.deepEqual([host.name, host.by, host.issuer], ['checkout.prod.example', 'certificate', '']);
  const partner = JSON.parse((await ask('URI:spiffe://partner.example/pay', 'DNS:x.example')).body);
  assert.deepEqual([partner.name, partner.issuer], ['spiffe://partner.example/pay', 'partner.example']);
  assert.equal((await ask(`URI:${CHECKOUT}`)).status, 401); // no longer among those listed
});

test('neither a mesh nor its server nor what a call failed with shows a key when it is printed', async (t) => {
  const authority = await Authority.open(t);
  const pair = await authority.issue({ names: [`URI:${ORDERS}`] });
  const files = await CertificateFiles.open(t, pair, await authority.pem);
  const secret = 'a secret of checkout and orders, long enough';
  const orders = await secureOrders(t, { certificate: files.paths, secrets: { checkout: secret } });
  const mesh = await checkout(
    t,
    orders.url,
    { certificate: files.paths, secrets: { orders: secret } },
    { authenticate: { mode: 'signature' }, retry: { attempts: 1 } },
  );
  const error = await mesh.request('http://orders/').catch((reason) => reason); // its certificate names no host
  assert.ok(MeshError.is(error));
  await askRaw(orders.port, pair);
  await files.show(await authority.issue({ names: [`URI:${ORDERS}`], days: 3 }));
  for (const thing of [orders.mesh, mesh, orders.server, error, orders.audit, mesh.snapshot()]) {
    const printed = inspect(thing, { depth: 40, showHidden: true, maxArrayLength: null, maxStringLength: null });
    for (const line of [secret, ...pair.key.split('\n').slice(1, -2)])
      assert.ok(!printed.includes(line), printed.slice(0, 200));
  }
});
