import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import type { RequestContext } from '../../src/server/request-context.ts';
import { testEnv } from '../../src/testing/env.ts';
import { settled } from '../../src/testing/virtual-clock.ts';
import { anArrival } from '../support/arrival.ts';
import { aKey, anIdentified, ask, aToken, bearer, ISSUER, type TestKey } from './world.ts';

let key: TestKey;
before(async () => {
  key = await aKey('a');
});
const issuers = () => [{ issuer: ISSUER, keys: { keys: [key.jwk] } }];

test('unless told, nobody is asked who they are, and nobody is told', async () => {
  const { mesh, env, told } = await anIdentified({ issuers: issuers() }, {});
  const { status, principal } = await ask(mesh, bearer(await aToken(key, env.clock.epoch(), { exp: 1 })));
  assert.deepEqual([status, principal?.by], [200, 'nothing']);
  assert.deepEqual(told('identify'), []);
  await mesh.close();
});

test('who shows nothing is anonymous, and is told as such', async () => {
  const { mesh, told } = await anIdentified({ issuers: issuers() });
  const { status, principal } = await ask(mesh, {});
  assert.deepEqual([status, principal], [200, { name: '', by: 'nothing', issuer: '', claims: {} }]);
  assert.deepEqual(
    told('identify').map(({ service, principal, by, problem, enforced }) => [
      service,
      principal,
      by,
      problem,
      enforced,
    ]),
    [['orders', '', 'nothing', '', false]],
  );
  await mesh.close();
});

test('where a proof is required, who shows nothing is refused, and is told how to do better', async () => {
  const { mesh, told } = await anIdentified({ issuers: issuers() }, { identify: { mode: 'enforce', required: true } });
  const { status, headers } = await ask(mesh, {});
  assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer']);
  assert.deepEqual(
    told('refused').map(({ reason, enforced }) => [reason, enforced]),
    [['identify', true]],
  );
  assert.equal(told('identify')[0]?.problem, 'nothing was shown');
  await mesh.close();
});

test('where it is only observed nobody is refused, and what would have been is told', async () => {
  const policy = { identify: { mode: 'observe', required: true } } as const;
  const { mesh, env, told } = await anIdentified({ issuers: issuers() }, policy);
  const good = await ask(mesh, bearer(await aToken(key, env.clock.epoch())));
  assert.deepEqual([good.status, good.principal?.name], [200, 'checkout']);
  for (const headers of [{}, bearer('junk'), bearer(await aToken(key, env.clock.epoch(), { aud: 'x' }))]) {
    const { status, principal } = await ask(mesh, { ...headers, 'client-cert': 'x' });
    assert.deepEqual([status, principal?.by], [200, 'nothing']);
  }
  assert.deepEqual(
    told('identify').map(({ problem, enforced }) => [problem, enforced]),
    [
      ['', false],
      ['nothing was shown', false],
      ['it has not three parts', false],
      ["it is for another audience, 'x'", false],
    ],
  );
  assert.deepEqual(
    told('refused').map(({ enforced }) => enforced),
    [false, false, false],
  );
  await mesh.close();
});

test('what is for others is left alone: other schemes, and tokens where no issuer is known', async () => {
  const { mesh } = await anIdentified({ issuers: issuers() });
  assert.equal((await ask(mesh, { authorization: 'Basic YTpi' })).status, 200);
  assert.equal((await ask(mesh, { signature: 'x=:AAAA:', 'signature-input': 'x=()' })).status, 200);
  await mesh.close();
  for (const identity of [undefined, {}]) {
    const { mesh } = await anIdentified(identity);
    const { status, principal } = await ask(mesh, bearer('of.a.user'));
    assert.deepEqual([status, principal?.by], [200, 'nothing']);
    await mesh.close();
  }
});

test('where a proof is required and there is nothing to look at proofs by, everybody is refused', async () => {
  const { mesh, env } = await anIdentified(undefined, { identify: { mode: 'enforce', required: true } });
  assert.equal((await ask(mesh, bearer(await aToken(key, env.clock.epoch())))).status, 401);
  await mesh.close();
});

test('the policy says which audiences and issuers, and a pushed one does so for tokens that are known', async () => {
  const { mesh, env } = await anIdentified({ issuers: issuers() });
  const token = bearer(await aToken(key, env.clock.epoch(), { aud: ['orders', 'https://orders.example'] }));
  const status = async (identify: object) => {
    mesh.setPolicy({ defaults: { identify: { mode: 'enforce', ...identify } } });
    return (await ask(mesh, token)).status;
  };
  assert.equal(await status({}), 200);
  assert.equal(await status({ audiences: ['https://orders.example'] }), 200);
  assert.equal(await status({ audiences: ['payments'] }), 401);
  assert.equal(await status({ issuers: [ISSUER] }), 200);
  assert.equal(await status({ issuers: ['https://other.example'] }), 401);
  await mesh.close();
});

test('headers about certificates are taken from what the handler sees, whoever sent them', async () => {
  const { mesh } = await anIdentified({ issuers: issuers() });
  const hidden: string[] = [];
  const headers = { 'x-forwarded-client-cert': 'URI=spiffe://prod/admin', 'client-cert': ':AAAA:' };
  const { principal } = await ask(mesh, headers, { hide: (names) => void hidden.push(...names) });
  assert.equal(principal?.by, 'nothing');
  assert.deepEqual(hidden, ['x-forwarded-client-cert', 'client-cert', 'client-cert-chain']);
  await mesh.close();
});

test('they are taken from the raw headers also where those have more than Node reads, as with Node 22.19', async () => {
  const { mesh } = await anIdentified({ issuers: issuers() });
  const rawHeaders = ['A', '1', 'X-Forwarded-Client-Cert', 'URI=spiffe://p/a', 'b', '2', 'client-cert', ':AAAA:'];
  const incoming = { headers: { a: '1' }, rawHeaders };
  await ask(mesh, {}, { incoming: incoming as never });
  assert.deepEqual(incoming, { headers: { a: '1' }, rawHeaders: ['A', '1', 'b', '2'] });
  await mesh.close();
});

test('a request that waits for keys ends at its deadline', async () => {
  const { mesh, env } = await anIdentified({ issuers: [{ issuer: ISSUER, keys: 'https://127.0.0.1:1/none' }] });
  const gate = Promise.withResolvers<Response>();
  const { fetch } = globalThis;
  globalThis.fetch = () => gate.promise;
  try {
    const answer = ask(mesh, { ...bearer(await aToken(key, env.clock.epoch())), 'grpc-timeout': '100m' });
    await env.clock.advance(100);
    assert.equal((await answer).status, 504);
    gate.reject(new Error('away'));
    await settled();
  } finally {
    globalThis.fetch = fetch;
  }
  await mesh.close();
  assert.equal(env.clock.pending, 0);
});

test('keys in a file are read again when it has changed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-keys-'));
  t.after(() => rm(folder, { recursive: true }));
  const [file, next] = [join(folder, 'keys.json'), await aKey('next')];
  const write = async (...keys: TestKey[]) => {
    await writeFile(`${file}.new`, JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
    await rename(`${file}.new`, file);
  };
  await write(key);
  const { mesh, env } = await anIdentified({ issuers: [{ issuer: ISSUER, keys: file }] });
  const status = async (from: TestKey) => (await ask(mesh, bearer(await aToken(from, env.clock.epoch())))).status;
  assert.deepEqual([await status(key), await status(next)], [200, 401]);
  await write(key, next);
  assert.deepEqual([await status(key), await status(next)], [200, 200]); // a key not known is looked for
  await mesh.close();
  assert.equal(env.clock.pending, 0);
});

/** As a secret manager gives it, on one line or on several. */
const PEM = '-----BEGIN PRIVATE KEY-----\nshort-secret\n-----END PRIVATE KEY-----\n';

const wrong: [unknown, RegExp][] = [
  [7, /identity must be an object/],
  [{ keys: [] }, /no such field 'keys'; there are issuers, token, certificate, secrets/],
  [{ issuers: {} }, /identity.issuers must be a list/],
  [{ issuers: [{ keys: 'x' }] }, /identity.issuers\[0\].issuer must be text/],
  [{ issuers: [{ issuer: 'a' }] }, /identity.issuers\[0\].keys must be/],
  [{ issuers: [{ issuer: 'a', keys: 'http://example.com/keys' }] }, /must be an https URL, a file, or a key set/],
  [{ issuers: [{ issuer: 'a', keys: 'ftp://example.com/keys' }] }, /must be an https URL/],
  [{ issuers: [{ issuer: 'a', keys: { keys: [] } }] }, /it has no key for signatures/],
  [{ issuers: [{ issuer: 'a', keys: 'x', maxLifetimeMs: 0 }] }, /maxLifetimeMs must be a number above 0/],
  [
    {
      issuers: [
        { issuer: 'a', keys: 'x' },
        { issuer: 'a', keys: 'y' },
      ],
    },
    /each issuer once/,
  ],
  [{ token: { issuer: 'a' } }, /identity.token.key must be text/],
  [{ token: { sign: () => {}, kid: 'a' } }, /identity.token.algorithm must be text/],
  [{ token: { sign: () => {}, key: 'a' } }, /a key, or a function sign/],
  [{ token: { key: '/there/is/none' } }, /the key can not be used: ENOENT/],
  [{ certificate: { cert: 'a', key: 'b' } }, /identity.certificate.ca must be text/],
  [{ certificate: { cert: '/no', key: '/no', ca: '/no' } }, /identity.certificate can not be used: cert: ENOENT/],
  [{ token: { key: PEM } }, /identity.token.key must be the path of a file, and not what stands in it/],
  [{ token: { key: '{"kty":"oct","k":"short-secret"}' } }, /identity.token.key must be the path of a file/],
  [{ certificate: { cert: 'a', key: PEM, ca: 'c' } }, /identity.certificate.key must be the path of a file/],
  [{ certificate: { cert: 'a', key: 'b', ca: 'c', crl: ['d', PEM] } }, /identity.certificate.crl must be the path/],
  [
    { certificate: { cert: 'a', key: 'b', ca: 'c', bundles: { prod: PEM } } },
    /certificate.bundles\['prod'\] must be the path of a file/,
  ],
  [{ issuers: [{ issuer: 'a', keys: PEM }] }, /identity.issuers\[0\].keys must be the path of a file/],
  [{ issuers: [{ issuer: 'a', keys: '{"keys":[{"k":"short-secret"}]}' }] }, /keys must be the path of a file/],
  [
    { certificate: { cert: 'a', key: 'b', ca: 'c', crl: [], bundles: [] } },
    /identity.certificate.bundles must be an object/,
  ],
  [{ certificate: { cert: 'a', key: 'b', ca: 'c', crl: [''] } }, /identity.certificate.crl must be text/],
  [
    { certificate: { cert: 'a', key: 'b', ca: 'c', bundles: { 'Prod/x': 'd' } } },
    /'Prod\/x' is no SPIFFE trust domain/,
  ],
  [
    { certificate: { cert: 'a', key: 'b', ca: 'c', bundles: { prod: 7 } } },
    /certificate.bundles\['prod'\] must be text/,
  ],
  [{ certificate: { cert: 'a', key: 'b', ca: 'c', replaceMs: -1 } }, /replaceMs must be a number from 0 to 3600000/],
  [{ certificate: { cert: 'a', key: 'b', ca: 'c', replaceMs: Number.NaN } }, /replaceMs must be a number/],
  [{ secrets: { orders: 'short-secret' } }, /identity.secrets.orders must be text of 32 bytes and more/],
  [{ secrets: { orders: [] } }, /identity.secrets.orders must be/],
];
for (const [identity, message] of wrong) {
  test(`what can not be used is said when the mesh is made, and not what it is: ${message.source}`, async () => {
    await assert.rejects(anIdentified(identity as object), (error) => {
      assert.ok(MeshError.is(error) && error.code === 'INVALID_ARGUMENT');
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /short-secret/);
      return true;
    });
  });
}

test('who is not proven is served before nobody by their own word, where proofs are asked for', async () => {
  const priority = async (mode: 'observe' | 'enforce', headers: Record<string, string>) => {
    const { mesh } = await anIdentified({ issuers: issuers() }, { identify: { mode } });
    let known = '';
    await mesh.receive(
      anArrival({
        headers: { baggage: 'inmesh.priority=critical', ...headers },
        serve: (request: RequestContext) => {
          known = request.priority;
          return 'served';
        },
      }),
    );
    await mesh.close();
    return known;
  };
  const token = bearer(await aToken(key, testEnv().clock.epoch()));
  assert.equal(await priority('enforce', {}), 'default');
  assert.equal(await priority('enforce', { baggage: 'inmesh.priority=sheddable' }), 'sheddable');
  assert.equal(await priority('enforce', token), 'critical');
  assert.equal(await priority('observe', {}), 'critical');
});
