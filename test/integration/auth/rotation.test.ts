import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import { Authority, CertificateFiles } from '../../support/certificates.ts';
import { askRaw, checkout, secureOrders } from './world.ts';

const ORDERS = 'spiffe://prod.example/orders';
const CHECKOUT = 'spiffe://prod.example/checkout';
const MOST = 50; // under way: where the machine is too slow for 500 a second, more of them would only make it slower

/** Asks 500 times a second, until told to stop; what went wrong is what it gives. */
function load(t: TestContext, mesh: Mesh) {
  const [wrong, underWay] = [[] as unknown[], new Set<Promise<void>>()];
  let asked = 0;
  const ask = async (): Promise<void> => {
    try {
      const { statusCode, body } = await mesh.request('http://orders/orders/7');
      const { name } = (await body.json()) as { readonly name: string };
      if (statusCode !== 200 || name !== CHECKOUT) wrong.push([statusCode, name]);
    } catch (error) {
      wrong.push(error);
    }
  };
  const timer = setInterval(() => {
    for (let i = 0; i < 10 && underWay.size < MOST; i++) {
      asked++;
      const one = ask().finally(() => underWay.delete(one));
      underWay.add(one);
    }
  }, 20);
  t.after(() => clearInterval(timer));
  return async () => {
    clearInterval(timer);
    await Promise.all(underWay);
    return { asked, wrong };
  };
}

/** Waits until something is so. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 1_200; turn++) {
    if (await holds()) return;
    await pause(50);
  }
  assert.fail(`it was never so: ${what}`);
}

const certificateOf = (mesh: Mesh) => mesh.snapshot().identity!.certificate!;
const daysOf = (mesh: Mesh): number => Math.ceil(certificateOf(mesh).leftMs / (24 * 3_600_000));

test('certificates and authorities are rotated at 500 requests a second, and none fails', {
  timeout: 180_000,
}, async (t) => {
  const [old, next] = await Promise.all([Authority.open(t, 'old'), Authority.open(t, 'next')]);
  const [oldCa, nextCa] = await Promise.all([old.pem, next.pem]);
  const leaf = (authority: Authority, name: string, days: number) => authority.issue({ names: [`URI:${name}`], days });
  const theirs = await CertificateFiles.open(t, await leaf(old, ORDERS, 5), oldCa);
  const ours = await CertificateFiles.open(t, await leaf(old, CHECKOUT, 5), oldCa);
  const [byOld, byNext] = await Promise.all([leaf(old, CHECKOUT, 3), leaf(next, CHECKOUT, 3)]);
  const orders = await secureOrders(t, { certificate: theirs.paths });
  // No retries, or they would hide what went wrong.
  const policy = { authenticate: { peers: [ORDERS] }, retry: { attempts: 1 } } as const;
  const mesh = await checkout(t, orders.url, { certificate: ours.paths }, policy);
  const stop = load(t, mesh);
  const both = [mesh, orders.mesh];
  const all = (what: string, holds: (one: Mesh) => boolean) => until(what, () => both.every(holds));

  await Promise.all([theirs.show(await leaf(old, ORDERS, 6)), ours.show(await leaf(old, CHECKOUT, 6))]);
  await all('another certificate of the same authority', (one) => daysOf(one) === 6);
  assert.equal((await askRaw(orders.port, byNext)).status, 401);

  await Promise.all([theirs.trust(oldCa, nextCa), ours.trust(oldCa, nextCa)]);
  await all('both authorities are believed', (one) => certificateOf(one).authorities === 2);
  assert.equal((await askRaw(orders.port, byNext)).status, 200);

  await Promise.all([theirs.show(await leaf(next, ORDERS, 4)), ours.show(await leaf(next, CHECKOUT, 4))]);
  await all('certificates of the next authority', (one) => daysOf(one) === 4);

  await Promise.all([theirs.trust(nextCa), ours.trust(nextCa)]);
  await all('only the next authority is believed', (one) => certificateOf(one).authorities === 1);
  await until('the old one is refused', async () => (await askRaw(orders.port, byOld)).status === 401);
  assert.equal((await askRaw(orders.port, byNext)).status, 200);

  await until('every connection is one of the next certificate', () =>
    orders.open().every((issuer) => issuer === 'next'),
  );
  const before = orders.audit.length;
  await until('requests go on', () => orders.audit.length > before + 100);
  assert.ok(orders.open().length > 0);
  const { asked, wrong } = await stop();
  const told = new Set(orders.audit.map(({ problem }) => problem)); // the one of an authority that is not believed yet, or no more
  assert.equal(wrong.length, 0, inspect([wrong.slice(0, 3), told], { depth: 5 }));
  assert.ok(asked >= 500, `${asked}`);
  t.diagnostic(`${asked} requests, ${wrong.length} errors`);
});
