import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { Peers } from '../../src/auth/peers.ts';
import { Trust } from '../../src/auth/trust.ts';
import { Authority, type Pair } from '../support/certificates.ts';

const EPOCH = Date.now() + 3_600_000; // later than all that these tests issue, however long the run takes
const TRUSTED = ['prod.example'];

let old: Authority;
let next: Authority;
let between: Authority;
before(async (t) => {
  const open = (name: string) => Authority.open(t as never, name);
  [old, next, between] = await Promise.all([open('old'), open('next'), open('between')]);
});

const issued = (by: Authority): Promise<Pair> => by.issue({ names: ['URI:spiffe://prod.example/checkout'] });

/** A connection that TLS has let in, as Node shows it; `looks` counts how often it was looked at closely. */
function aConnection({ cert }: Pair, shown: object = {}) {
  const connection = {
    looks: 0,
    encrypted: true,
    authorized: true,
    authorizationError: null,
    getPeerX509Certificate: () => new X509Certificate(cert),
    getPeerCertificate() {
      connection.looks++;
      return shown;
    },
  };
  return connection;
}

/** Who is believed: authorities, those of other domains, lists of what they have revoked. */
interface Believed {
  readonly cas: readonly Authority[];
  readonly bundles?: Readonly<Record<string, Authority>>;
  readonly lists?: readonly string[];
}

/** Peers who believe some, and from a moment on those told to `believe`; `ask` says who it is, or why nobody. */
async function somePeers(...first: Authority[]) {
  let trust: Trust | undefined;
  const believe = async ({ cas, bundles = {}, lists = [] }: Believed, since: number): Promise<void> => {
    const ca = (await Promise.all(cas.map(({ pem }) => pem))).join('');
    const others = Object.entries(bundles).map(async ([domain, { pem }]) => [domain, await pem] as const);
    trust = new Trust({ ca, bundles: new Map(await Promise.all(others)), lists }, since, trust);
  };
  await believe({ cas: first }, 0);
  const peers = new Peers(() => trust);
  return {
    believe,
    ask: (socket: object, now: number, stream?: object): string => {
      try {
        return peers.check({ socket, stream }, TRUSTED, EPOCH, now)?.name ?? '';
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}

const NAME = 'spiffe://prod.example/checkout';

const UNVOUCHED = "no authority of the trust domain 'prod.example' vouches for it";

test('a connection whose authority is believed no more is good for half a minute, and is looked at once', async () => {
  const { ask, believe } = await somePeers(old);
  const [one, other] = [aConnection(await issued(old)), aConnection(await issued(next))];
  assert.deepEqual([ask(one, 0), ask(one, 5), ask(other, 5)], [NAME, NAME, NAME]);
  assert.equal(one.looks, 1);
  await believe({ cas: [next] }, 1_000);
  assert.deepEqual([ask(one, 1_000), ask(one, 30_999)], [NAME, NAME]);
  assert.equal(ask(one, 31_000), UNVOUCHED);
  assert.equal(ask(other, 31_000), NAME);
  await believe({ cas: [next, old] }, 40_000);
  assert.deepEqual([ask(one, 40_000), ask(one, 70_000), ask(one, 80_000)], [NAME, NAME, NAME]);
  assert.equal(one.looks, 1);
});

test('another change does not give it another half minute', async () => {
  const { ask, believe } = await somePeers(old);
  const one = aConnection(await issued(old));
  assert.equal(ask(one, 0), NAME);
  await believe({ cas: [next] }, 1_000);
  await believe({ cas: [next, between] }, 30_000);
  assert.deepEqual([ask(one, 30_500), ask(one, 31_000)], [NAME, UNVOUCHED]);
});

test('a connection that asks for the first time after its authority went is good for no longer than others', async () => {
  const { ask, believe } = await somePeers(old);
  const [one, other] = [aConnection(await issued(old)), aConnection(await issued(old))];
  await believe({ cas: [next] }, 1_000);
  assert.deepEqual([ask(one, 2_000), ask(one, 31_000)], [NAME, UNVOUCHED]);
  assert.equal(ask(other, 90_000), UNVOUCHED);
});

test('one that is revoked is good no more at once, also where it has not asked before', async () => {
  const [asked, silent] = [await issued(old), await issued(old)];
  const { ask, believe } = await somePeers(old);
  const [one, other] = [aConnection(asked), aConnection(silent)];
  assert.equal(ask(one, 0), NAME);
  await believe({ cas: [old], lists: [await old.revoke([asked, silent])] }, 1_000);
  for (const now of [1_000, 1_001, 90_000]) {
    assert.deepEqual([ask(one, now), ask(other, now)], ['it has been revoked', 'it has been revoked']);
  }
});

test('of HTTP/2, where each request has a socket of its own, a connection is known by its session', async () => {
  const pair = await issued(old);
  const { ask, believe } = await somePeers(old);
  const [session, sockets] = [{}, [aConnection(pair), aConnection(pair), aConnection(pair)] as const];
  assert.deepEqual([ask(sockets[0], 0, { session }), ask(sockets[1], 1, { session })], [NAME, NAME]);
  assert.deepEqual([sockets[0].looks, sockets[1].looks], [1, 0]);
  await believe({ cas: [next] }, 1_000);
  assert.equal(ask(sockets[2], 31_000, { session }), UNVOUCHED);
});

test('a trust domain that gets authorities of its own is theirs from then on', async () => {
  const { ask, believe } = await somePeers(old, next);
  const [one, other] = [aConnection(await issued(old)), aConnection(await issued(next))];
  assert.equal(ask(one, 0), NAME);
  await believe({ cas: [next], bundles: { 'prod.example': next } }, 1_000);
  assert.deepEqual([ask(one, 1_000), ask(other, 1_000)], [UNVOUCHED, NAME]);
});

test('who shows another certificate in the midst of a connection is nobody', async () => {
  const { ask } = await somePeers(old);
  // What Node says of a socket whose first certificate was good, and that was negotiated anew with one that is not.
  const why = Object.assign(new Error('unable to verify the first certificate'), { code: 'UNABLE_TO_VERIFY' });
  const one = { ...aConnection(await issued(next)), authorized: true, authorizationError: why };
  assert.equal(ask(one, 0), 'no authority of ours vouches for it: UNABLE_TO_VERIFY');
});

test('where Node hides what came with a certificate nobody can tell, and nobody is refused for that', async () => {
  const { ask, believe } = await somePeers(old);
  const one = aConnection(await issued(between)); // which `old` vouches for, by a certificate that is not seen
  assert.equal(ask(one, 0), NAME);
  await believe({ cas: [next] }, 1_000);
  assert.equal(ask(one, 90_000), NAME);
});

test('without TLS, or a certificate, nobody is proven', async () => {
  const { ask } = await somePeers(old);
  const bare = { ...aConnection(await issued(old)), getPeerX509Certificate: () => undefined };
  assert.equal(ask({ ...bare, encrypted: false }, 0), '');
  assert.equal(ask(bare, 0), '');
});
