import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { Authority, CertificateFiles, type Pair } from '../support/certificates.ts';
import type { MeshInTest } from '../support/mesh.ts';
import { aKey, anIdentified, ask, aToken, bearer, ISSUER, type TestKey } from './world.ts';

const GATEWAY = 'gateway';
let key: TestKey;
let authority: Authority;
before(async (t) => {
  [key, authority] = await Promise.all([aKey('a'), Authority.open(t as never)]);
});

/** A mesh that believes `gateway` for whom it says that it calls. */
const world = (): Promise<MeshInTest> =>
  anIdentified(
    { issuers: [{ issuer: ISSUER, keys: { keys: [key.jwk] }, names: [GATEWAY, 'proxy', 'checkout'] }] },
    { identify: { mode: 'enforce', forwarders: [GATEWAY, 'client-cert:proxy'], trustDomains: ['prod.example'] } },
  );

/** For whom a request of `sub` is taken that brings these headers. */
async function taken({ mesh, env, told }: MeshInTest, sub: string, headers: Record<string, string>) {
  const token = await aToken(key, env.clock.epoch(), { sub });
  const hidden: string[] = [];
  const { principal } = await ask(
    mesh,
    { ...bearer(token), ...headers },
    { hide: (names) => void hidden.push(...names) },
  );
  const who = principal === undefined ? told('identify').at(-1)!.problem : `${principal.by} ${principal.name}`;
  return { who, issuer: principal?.issuer, hidden };
}

const CHECKOUT = 'spiffe://prod.example/checkout';
const XFCC = 'x-forwarded-client-cert';

test('a forwarder is believed, and who answers sees what it says; nobody else is, and who answers sees nothing', async () => {
  const there = await world();
  const headers = { [XFCC]: `By=spiffe://prod.example/gw;Hash=00;URI=${CHECKOUT}` };
  assert.deepEqual(await taken(there, GATEWAY, headers), {
    who: `forwarder ${CHECKOUT}`,
    issuer: 'prod.example',
    hidden: ['client-cert', 'client-cert-chain'],
  });
  assert.deepEqual(await taken(there, 'checkout', headers), {
    who: 'token checkout',
    issuer: ISSUER,
    hidden: [XFCC, 'client-cert', 'client-cert-chain'],
  });
  assert.deepEqual(await taken(there, GATEWAY, {}), {
    who: 'token gateway',
    issuer: ISSUER,
    hidden: ['client-cert', 'client-cert-chain'],
  });
  await there.mesh.close();
});

test('who may forward is named by an issuer whose names are listed: elsewhere people may be called as they like', async () => {
  const issuers = [{ issuer: ISSUER, keys: { keys: [key.jwk] }, name: 'preferred_username' }];
  const policy = { mode: 'enforce', forwarders: [GATEWAY], trustDomains: ['prod.example'] } as const;
  const there = await anIdentified({ issuers }, { identify: policy });
  const come = async (name: string, headers: Record<string, string>) => {
    const token = await aToken(key, there.env.clock.epoch(), { preferred_username: name });
    const { principal } = await ask(there.mesh, { ...bearer(token), ...headers });
    return principal?.name ?? there.told('identify').at(-1)!.problem;
  };
  const why = "its issuer may not name 'gateway', who may forward, unless it is listed in its names";
  assert.equal(await come('ann', { [XFCC]: `URI=${CHECKOUT}` }), 'ann');
  assert.equal(await come(GATEWAY, { [XFCC]: `URI=${CHECKOUT}` }), why);
  assert.equal(await come(GATEWAY, {}), why);
  await there.mesh.close();
});

test('what Envoy writes is read: quotes, several names, several proxies, of which the last is the one that we know', async () => {
  const there = await world();
  const who = async (value: string) => (await taken(there, GATEWAY, { [XFCC]: value })).who;
  assert.equal(
    await who(`By=a;Subject="CN=x,O=\\"y;URI=spiffe://evil/z\\",C=DE";URI=${CHECKOUT};DNS=a.b`),
    `forwarder ${CHECKOUT}`,
  );
  assert.equal(await who(`URI=spiffe://prod.example/first, By=b;URI=${CHECKOUT}`), `forwarder ${CHECKOUT}`);
  assert.equal(await who(`uri=${CHECKOUT}`), `forwarder ${CHECKOUT}`);
  assert.equal(await who('Hash=ab;DNS=Checkout.prod.example;DNS=b'), 'forwarder checkout.prod.example');
  await there.mesh.close();
});

test('Envoy writes a URI that is empty where a certificate has none: then it is known by its DNS name', async () => {
  const there = await world();
  const who = async (value: string) => (await taken(there, GATEWAY, { [XFCC]: value })).who;
  const said = 'By=spiffe://prod.example/gw;Hash=ab;Subject="CN=checkout"'; // as Envoy has it, first to last
  assert.equal(await who(`${said};URI=;DNS=checkout.prod.example;DNS=b.example`), 'forwarder checkout.prod.example');
  assert.match(await who(`${said};URI=`), /names nobody/);
  assert.match(await who(`${said};URI=;URI=${CHECKOUT}`), /has 2 URIs/); // which Envoy does not write
  await there.mesh.close();
});

test('what a forwarder says and can not be read is refused', async () => {
  const there = await world();
  const who = async (value: string) => (await taken(there, GATEWAY, { [XFCC]: value })).who;
  for (const [value, why] of [
    ['', /can not be read/],
    ['nonsense', /can not be read/],
    ['URI', /can not be read/],
    [`URI="${CHECKOUT}`, /can not be read/],
    [`URI=${CHECKOUT};`, /can not be read/],
    [`URI=${CHECKOUT};URI=spiffe://prod.example/admin`, /has 2 URIs/],
    ['URI=https://prod.example/checkout', /no SPIFFE ID/],
    ['URI=spiffe://evil.example/checkout', /'evil.example' is not ours/],
    ['Hash=00', /names nobody/],
    ['DNS=', /names nobody/],
    ['DNS=not a host', /no name of one host/],
    [`Hash=${'0'.repeat(16_384)}`, /too long/],
  ] as const) {
    assert.match(await who(value), why, value.slice(0, 40));
  }
  await there.mesh.close();
});

test('what a forwarder says takes no longer to read than it is long: it may pass on what its callers wrote', async () => {
  const there = await world();
  const blanks = ' '.repeat(16_380);
  for (const value of [
    `A=${blanks}"`,
    `A="${blanks.slice(8_000)}"${blanks.slice(8_010)}"`,
    `A=${'a '.repeat(8_000)}"`,
    `${'A=;'.repeat(5_400)}A=`,
  ]) {
    let least = Number.POSITIVE_INFINITY; // others of the process, such as who collects garbage, are counted as well
    for (let time = 0; time < 3; time++) {
      const begun = process.cpuUsage();
      assert.match((await taken(there, GATEWAY, { [XFCC]: value })).who, /can not be read|too long|names nobody/);
      least = Math.min(least, process.cpuUsage(begun).user);
    }
    assert.ok(least < 60_000, `${least} us`); // a few milliseconds, and once a third of a second
  }
  await there.mesh.close();
});

test('a certificate that is passed on by RFC 9440 is looked at as one that is shown', async () => {
  const [there, now] = [await world(), Date.now()];
  await there.env.clock.advance(now + 60_000 - there.env.clock.epoch()); // openssl makes them for today, and later
  const said = async (names: string[], days = 7, more?: string[]) => {
    const { cert } = await authority.issue({ names, days, ...(more && { more }) });
    return { 'client-cert': `:${new X509Certificate(cert).raw.toString('base64')}:` };
  };
  const who = async (headers: Record<string, string>) => (await taken(there, 'proxy', headers)).who;
  const good = await said([`URI:${CHECKOUT}`]);
  assert.equal(await who(good), `forwarder ${CHECKOUT}`);
  assert.equal(await who({ ...good, [XFCC]: 'URI=spiffe://prod.example/other' }), `forwarder ${CHECKOUT}`);
  assert.equal(await who(await said(['DNS:checkout.prod.example'])), 'forwarder checkout.prod.example');
  assert.match(await who(await said([`URI:${CHECKOUT}`], -1)), /has expired/);
  assert.match(await who(await said(['URI:spiffe://evil.example/x'])), /is not ours/);
  assert.match(await who(await said([`URI:${CHECKOUT}`], 7, ['basicConstraints=CA:TRUE'])), /of an authority/);
  assert.match(await who({ 'client-cert': good['client-cert'].slice(1) }), /no byte sequence/);
  assert.match(await who({ 'client-cert': ':AAAA:' }), /no certificate/);
  assert.match(await who({ 'client-cert': `:${'A'.repeat(16_384)}:` }), /no byte sequence/);
  await there.mesh.close();
});

test('one that is passed on and stands on a list of ours is refused, whatever the forwarder has looked at', async (t) => {
  const [ours, lost] = [
    await authority.issue({ names: ['DNS:orders'] }),
    await authority.issue({ names: ['DNS:lost'] }),
  ];
  const files = await CertificateFiles.open(t, ours, await authority.pem);
  const crl = await files.revoked(await authority.revoke([lost]));
  const issuers = [{ issuer: ISSUER, keys: { keys: [key.jwk] }, names: ['proxy'] }];
  const identity = { issuers, certificate: { ...files.paths, crl } };
  const there = await anIdentified(identity, { identify: { mode: 'enforce', forwarders: ['client-cert:proxy'] } });
  await there.env.clock.advance(Date.now() + 60_000 - there.env.clock.epoch());
  const who = async ({ cert }: Pair) => {
    const value = `:${new X509Certificate(cert).raw.toString('base64')}:`;
    return (await taken(there, 'proxy', { 'client-cert': value })).who;
  };
  assert.deepEqual([await who(lost), await who(ours)], ['it has been revoked', 'forwarder orders']);
  await there.mesh.close();
});

test('a forwarder is believed by the header that it writes itself: the other may be the word of who called it', async () => {
  const [there, now] = [await world(), Date.now()];
  await there.env.clock.advance(now + 60_000 - there.env.clock.epoch());
  const { cert } = await authority.issue({ names: ['URI:spiffe://prod.example/admin'] }); // which is no secret
  const certificate = `:${new X509Certificate(cert).raw.toString('base64')}:`;
  const byEnvoy = await taken(there, GATEWAY, { 'client-cert': certificate });
  assert.equal(byEnvoy.who, 'token gateway'); // whose caller had no certificate, and sent one as text
  assert.ok(byEnvoy.hidden.includes('client-cert'));
  const both = { 'client-cert': certificate, [XFCC]: `URI=${CHECKOUT}` };
  assert.equal((await taken(there, GATEWAY, both)).who, `forwarder ${CHECKOUT}`);
  const byProxy = await taken(there, 'proxy', { [XFCC]: `URI=${CHECKOUT}` });
  assert.deepEqual([byProxy.who, byProxy.hidden], ['token proxy', [XFCC]]);
  assert.equal((await taken(there, 'proxy', both)).who, 'forwarder spiffe://prod.example/admin');
  await there.mesh.close();
});
