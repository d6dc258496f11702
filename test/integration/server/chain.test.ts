import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { Pool } from 'undici';
import { aFolder, start } from '../../support/processes.ts';
import type { Hop, HopSettings } from '../programs/hop.ts';

const CALLS = 10_000;
const LANES = 64;
const PRIORITIES = ['critical', 'default', 'sheddable'] as const;

/** Keys of a service, in files: one to sign with, and what others check by. */
async function writeKeys(folder: string, service: string): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const kid = `${service}-1`;
  await writeFile(
    join(folder, `${service}.jwk`),
    JSON.stringify({ ...(await exportJWK(privateKey)), kid, alg: 'ES256' }),
  );
  const keys = [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256' }];
  await writeFile(join(folder, `${service}.jwks`), JSON.stringify({ keys }));
}

/** Three services in a process each: `shop` asks `orders`, and `orders` asks `stock`. */
async function aChain(t: TestContext): Promise<Pool> {
  const keys = await aFolder(t);
  for (const service of ['shop', 'orders', 'stock']) await writeKeys(keys, service);
  const hop = async (settings: Omit<HopSettings, 'keys'>) => {
    const { port } = await start(t, 'hop', { ...settings, keys }).said<{ port: number }>('port');
    return { service: settings.service, port };
  };
  const stock = await hop({ service: 'stock', from: 'orders' });
  const orders = await hop({ service: 'orders', next: stock, from: 'shop' });
  const { port } = await hop({ service: 'shop', next: orders });
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: LANES });
  t.after(() => pool.destroy());
  return pool;
}

test('over three processes trace, deadline, principal, priority and baggage are those of each of 10,000 requests', async (t) => {
  const pool = await aChain(t);
  const spans = new Set<string>();
  let asked = 0;
  const ask = async (): Promise<void> => {
    const number = asked++;
    const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    const priority = PRIORITIES[number % 3]!;
    const timeout = 20_000 + number;
    const tag = `number=${number}${priority === 'default' ? '' : `,inmesh.priority=${priority}`}`;
    const answer = await pool.request({
      path: '/',
      method: 'GET',
      headers: {
        traceparent: `00-${traceId}-${spanId}-01`,
        baggage: tag,
        'x-envoy-expected-rq-timeout-ms': String(timeout),
        authorization: 'Bearer of.nobody.known',
      },
    });
    const said = await answer.body.text();
    assert.equal(answer.statusCode, 200, said);
    const shop = JSON.parse(said) as Hop;
    const orders = shop.next!;
    const stock = orders.next!;
    const hops = [shop, orders, stock];
    assert.deepEqual(
      hops.map(({ service, principal }) => [service, principal]),
      [
        ['shop', ''],
        ['orders', 'shop'],
        ['stock', 'orders'],
      ],
    );
    for (const hop of hops) assert.deepEqual([hop.traceId, hop.priority, hop.tag], [traceId, priority, tag]);
    assert.equal(shop.parentId, spanId);
    // Each hop hangs below a span of its own: one tree.
    assert.equal(new Set([spanId, orders.parentId, stock.parentId]).size, 3);
    for (const { parentId } of [orders, stock]) spans.add(parentId);
    // What is left shrinks (it travels in whole milliseconds): ours at most, and of the mesh's own 10 s where that is less.
    const shrinks = shop.leftMs <= timeout && orders.leftMs < shop.leftMs && stock.leftMs < orders.leftMs + 1;
    assert.ok(shrinks, JSON.stringify(hops));
    assert.ok(orders.leftMs <= 10_000);
  };
  const lane = async (): Promise<void> => {
    while (asked < CALLS) await ask();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  // No two requests have a span together, but by chance: half of an id is drawn for each, so two of 10,000 are alike in
  // one run of fifty. Were one handed on to another request there would be many.
  assert.ok(spans.size >= 2 * asked - 3, `${2 * asked - spans.size} spans of two requests`);
  assert.ok(asked >= CALLS);
});
