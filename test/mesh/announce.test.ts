import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveValue } from '../../src/core/live.ts';
import type { Listing } from '../../src/discovery/registry.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { aMesh } from '../support/mesh.ts';

const HERE = { host: '10.0.0.5', port: 3000 } as const;

/** A mesh of `orders`, and how many of it others find. */
async function orders() {
  const registry = new FakeRegistry();
  const world = await aMesh({ service: 'orders', registry: registry.client() });
  const watching = registry.client().resolve('orders');
  const found = () => ('endpoints' in watching.value ? watching.value.endpoints.length : 0);
  return { ...world, found };
}

const refusal = (id: string) => ({
  reason: 'request',
  message: `announce: orders is listed at 10.0.0.5:3000 already, as '${id}'; close that announcement first, or change what it tells by its update (INVALID_ARGUMENT: request)`,
});

test('one address is listed once, so that it gets no more calls than others: also while it is being listed', async () => {
  const { mesh, found } = await orders();
  const first = mesh.announce({ ...HERE, id: 'a' });
  await assert.rejects(mesh.announce({ ...HERE, id: 'b' }), refusal('a'));
  const { state } = await first;
  await assert.rejects(mesh.announce(HERE), refusal('a'));
  assert.deepEqual([state.value, found()], ['listed', 1]);
});

test('other addresses of a process are listed besides, as where it has two names or two ports', async () => {
  const { mesh, found } = await orders();
  await mesh.announce(HERE);
  await mesh.announce({ ...HERE, host: '10.1.0.5' });
  await mesh.announce({ ...HERE, port: 3001 });
  await mesh.announce({ ...HERE, host: 'fd00::5' });
  assert.equal(found(), 4);
  await assert.rejects(mesh.announce({ ...HERE, host: 'FD00::5' }), /listed at \[fd00::5\]:3000 already/);
});

test('what has left the list, or never came to it, may be listed at its address again', async () => {
  const { mesh, found } = await orders();
  const first = await mesh.announce({ ...HERE, id: 'a' });
  await mesh.announce({ ...HERE, port: 3001, id: 'b' });
  await first.close();
  await assert.rejects(mesh.announce({ ...HERE, id: 'b' }), { reason: 'registry' });
  const again = await mesh.announce({ ...HERE, id: 'c' });
  assert.deepEqual([again.state.value, found()], ['listed', 2]);
});

test('what was closed is off the list also where a registry of a user’s own never says so', async () => {
  const registry = new FakeRegistry().client();
  let closed = 0;
  registry.announce = async (instance) => {
    const close = async (): Promise<void> => {
      if (++closed === 1) throw new Error('away');
    };
    const state = new LiveValue<Listing>('listed');
    return { instance, state, update: async () => {}, close, [Symbol.asyncDispose]: close };
  };
  const { mesh, env } = await aMesh({ service: 'orders', registry });
  const first = await mesh.announce({ ...HERE, id: 'a' });
  await assert.rejects(first.close(), /away/); // it may be listed still
  await assert.rejects(mesh.announce(HERE), refusal('a'));
  await first.close();
  const second = await mesh.announce({ ...HERE, id: 'b' });
  await first.close(); // again, which frees nothing of who came after
  await assert.rejects(mesh.announce(HERE), refusal('b'));
  await second[Symbol.asyncDispose]();
  const third = await mesh.announce({ ...HERE, id: 'c' });
  assert.equal(third.instance.id, 'c');
  closed = 1;
  const end = mesh.close();
  await env.clock.advance(20_000);
  await end;
  assert.equal(closed, 2); // of the third alone: the others are gone
});
