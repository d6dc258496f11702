import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { Peers } from '../../src/auth/peers.ts';
import { Trust } from '../../src/auth/trust.ts';
import { Authority, type Pair } from '../support/certificates.ts';

const EPOCH = Date.now() + 60_000;
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
    getPeerX509Certificate: () => new X509Certificate(cert),
    getPeerCertificate() {
      connection.looks++;
      return shown;
    },
  };
  return connection;
}

/** Peers whose trust is replaced by `believe`; `ask` says who it is, or why nobody. */
function somePeers(first: Trust) {
  let trust = first;
  const peers = new Peers(() => trust);
  return {
    believe: (other: Trust) => {
      trust = other;
    },
    ask: (socket: object, now: number): string => {
      try {
        return peers.check({ socket }, TRUSTED, EPOCH, now)?.name ?? '';
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}

const trusting = async (authorities: readonly Authority[], lists: readonly string[], since: number) =>
  new Trust({ ca: (await Promise.all(authorities.map(({ pem }) => pem))).join(''), bundles: new Map(), lists }, since);

const NAME = 'spiffe://prod.example/checkout';

test('a connection whose authority is believed no more is good for half a minute, and is looked at once', async () => {
  const { ask, believe } = somePeers(await trusting([old], [], 0));
  const [one, other] = [aConnection(await issued(old)), aConnection(await issued(next))];
  assert.deepEqual([ask(one, 0), ask(one, 5), ask(other, 5)], [NAME, NAME, NAME]);
  assert.equal(one.looks, 1);
  believe(await trusting([next], [], 1_000));
  assert.deepEqual([ask(one, 1_000), ask(one, 30_999)], [NAME, NAME]);
  assert.equal(ask(one, 31_000), "no authority of the trust domain 'prod.example' vouches for it");
  assert.equal(ask(other, 31_000), NAME);
  believe(await trusting([next, old], [], 40_000));
  assert.deepEqual([ask(one, 40_000), ask(one, 70_000), ask(one, 80_000)], [NAME, NAME, NAME]);
  assert.equal(one.looks, 1);
});

test('one that is revoked is good no more at once', async () => {
  const pair = await issued(old);
  const { ask, believe } = somePeers(await trusting([old], [], 0));
  const one = aConnection(pair);
  assert.equal(ask(one, 0), NAME);
  believe(await trusting([old], [await old.revoke([pair])], 1_000));
  assert.deepEqual([ask(one, 1_000), ask(one, 90_000)], ['it has been revoked', 'it has been revoked']);
});

test('where Node hides what came with a certificate nobody can tell, and nobody is refused for that', async () => {
  const { ask, believe } = somePeers(await trusting([old], [], 0));
  const one = aConnection(await issued(between)); // which `old` vouches for, by a certificate that is not seen
  assert.equal(ask(one, 0), NAME);
  believe(await trusting([next], [], 1_000));
  assert.equal(ask(one, 90_000), NAME);
});

test('without TLS, or a certificate, nobody is proven', async () => {
  const { ask } = somePeers(await trusting([old], [], 0));
  const bare = { ...aConnection(await issued(old)), getPeerX509Certificate: () => undefined };
  assert.equal(ask({ ...bare, encrypted: false }, 0), '');
  assert.equal(ask(bare, 0), '');
});
