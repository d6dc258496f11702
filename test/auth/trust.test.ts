import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { nameOf } from '../../src/auth/certificate.ts';
import { identityOf, revokedBy } from '../../src/auth/revocations.ts';
import { nobodyVouches, Trust } from '../../src/auth/trust.ts';
import { Authority, type Pair } from '../support/certificates.ts';

const CHECKOUT = 'spiffe://prod.example/checkout';
const NOW = Date.now() + 3_600_000; // later than all that these tests issue, however long the run takes

let own: Authority;
let partner: Authority;
let fake: Authority;
let between: Authority;
before(async (t) => {
  const open = (name: string) => Authority.open(t as never, name);
  [own, partner, fake, between] = await Promise.all([open('own'), open('partner'), open('own'), open('between')]);
});

const trusting = async (lists: readonly string[] = []) =>
  new Trust({ ca: await own.pem, bundles: new Map([['partner.example', await partner.pem]]), lists }, 0);

/** Why a leaf that `by` has issued is not believed, with those that are shown with it; empty where it is. */
async function problem(by: Authority, shown: readonly string[], name = CHECKOUT, at = NOW): Promise<string> {
  const leaf = new X509Certificate((await by.issue({ names: [`URI:${name}`] })).cert);
  const chain = { leaf, shown: shown.map((pem) => new X509Certificate(pem)), named: nameOf(leaf) };
  return (await trusting()).vouches(chain, at) ? '' : nobodyVouches(chain.named);
}

const NOT_PROD = "no authority of the trust domain 'prod.example' vouches for it";

test('a chain is believed for its signatures, and not for its names', async () => {
  assert.equal(await problem(own, []), '');
  assert.equal(await problem(fake, []), NOT_PROD); // of an authority that is called as ours
  assert.equal(await problem(partner, [await fake.issueAuthority(partner)]), NOT_PROD);
  assert.equal(await problem(partner, [await own.issueAuthority(partner)]), ''); // ours vouches for it indeed
  assert.equal(await problem(between, [await own.issueAuthority(between)]), '');
  assert.equal(await problem(between, [await fake.issueAuthority(between), await own.pem]), NOT_PROD);
  assert.equal(await problem(between, [await own.pem]), NOT_PROD);
});

test('who may vouch for nobody, or for none below, or for some names only, leads nowhere', async () => {
  const by = (...more: string[]) => own.issueAuthority(between, more);
  const may = 'keyUsage=critical,keyCertSign';
  assert.equal(await problem(between, [await by('basicConstraints=critical,CA:TRUE,pathlen:0', may)]), '');
  assert.equal(await problem(between, [await by('basicConstraints=critical,CA:FALSE')]), NOT_PROD);
  assert.equal(
    await problem(between, [await by('basicConstraints=critical,CA:TRUE', 'keyUsage=critical,digitalSignature')]),
    NOT_PROD,
  );
  const bound = 'nameConstraints=critical,permitted;URI:other.example';
  assert.equal(await problem(between, [await by('basicConstraints=critical,CA:TRUE', may, bound)]), NOT_PROD);
  // own › between (none below it) › partner › leaf
  const first = await by('basicConstraints=critical,CA:TRUE,pathlen:0', may);
  const second = await between.issueAuthority(partner);
  assert.equal(await problem(partner, [second, first]), NOT_PROD);
  const open = await by('basicConstraints=critical,CA:TRUE,pathlen:1', may);
  assert.equal(await problem(partner, [second, open]), '');
});

test('an authority that has ended vouches for nobody', async () => {
  assert.equal(await problem(own, [], CHECKOUT, NOW + 31 * 24 * 3_600_000), NOT_PROD);
});

test('certificates that go round in a circle end', async () => {
  const [there, back] = [await between.issueAuthority(fake), await fake.issueAuthority(between)];
  assert.equal(await problem(fake, [there, back, there, back]), NOT_PROD);
});

test('a list names those that it has revoked, and all others are left alone', async () => {
  const [bad, good, other] = [
    await own.issue({ names: [`URI:${CHECKOUT}`] }),
    await own.issue({ names: [`URI:${CHECKOUT}`] }),
    await partner.issue({ names: [`URI:${CHECKOUT}`] }), // the same number, by another authority
  ];
  const empty = await own.revoke();
  assert.deepEqual(revokedBy(empty), []);
  const list = await own.revoke([bad]);
  const [b, g, o] = [bad, good, other].map(({ cert }) => new X509Certificate(cert));
  assert.deepEqual(revokedBy(list), [identityOf(b!.raw)]);
  const trust = await trusting([list]);
  assert.equal(trust.facts.revoked, 1);
  assert.throws(() => trust.checkRevoked([g!, b!]), /it has been revoked/);
  trust.checkRevoked([g!, o!]);
  assert.ok(trust.revokesMoreThan(await trusting([empty])));
  assert.ok(!trust.revokesMoreThan(trust));
  assert.ok(!(await trusting([empty])).revokesMoreThan(trust));
  assert.equal((await trusting([`${list}${await partner.revoke()}`])).crl.length, 2);
  await assert.rejects(trusting(['']), /there is no X509 CRL in it/);
  for (const broken of [list.slice(0, 120), list.replace(/\n[\w+/]{40}/, '\n')]) {
    await assert.rejects(trusting([broken]));
  }
});

test('a file that ends in the midst of an authority or a list, as it does while it is written, is not taken for a whole one', async () => {
  const [first, second] = await Promise.all([own.pem, partner.pem]);
  const [one, other] = await Promise.all([own.revoke(), partner.revoke()]);
  const bundles = new Map<string, string>();
  const trust = (ca: string, list: string) => new Trust({ ca, bundles, lists: [list] }, 0);
  const [ca, list] = [`${first}# of our partner\n${second}`, `${one}${other}`];
  assert.equal(trust(ca, list).facts.authorities, 2);
  assert.equal(trust(`${ca}# the last`, list.trim()).crl.length, 2);
  const dashes = 5;
  for (let cut = ca.indexOf('\n-----B') + 1 + dashes; cut < ca.trim().length; cut += 7) {
    assert.throws(() => trust(ca.slice(0, cut), list), /a CERTIFICATE in it is broken off/, ca.slice(0, cut));
  }
  for (let cut = one.length + dashes; cut < list.trim().length; cut += 7) {
    assert.throws(() => trust(ca, list.slice(0, cut)), /a X509 CRL in it is broken off/, list.slice(0, cut));
  }
});

test('a list is that of its authority also where it writes the name of that in another way, as those made by Go may', async (t) => {
  const authority = await Authority.open(t, 'Our  authority');
  const list = async (...bad: Pair[]) => (await authority.respelled(t, 'our Authority')).revoke(bad);
  const [bad, good] = [await authority.issue({ names: ['DNS:bad'] }), await authority.issue({ names: ['DNS:good'] })];
  const trust = await trusting([await list(bad)]);
  assert.throws(() => trust.checkRevoked([new X509Certificate(bad.cert)]), /it has been revoked/);
  trust.checkRevoked([new X509Certificate(good.cert)]);
  assert.deepEqual(
    revokedBy(await list(bad, good)),
    [bad, good].map(({ cert }) => identityOf(new X509Certificate(cert).raw)),
  );
  const another = await authority.respelled(t, 'ourauthority');
  assert.notDeepEqual(revokedBy(await another.revoke([bad])), revokedBy(await list(bad)));
});
