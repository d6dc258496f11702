import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import type { Announcement, Registry } from '../../src/discovery/registry.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { settled } from '../../src/testing/virtual-clock.ts';
import { aMesh, type MeshInTest } from '../support/mesh.ts';

/** A mesh of `orders` on a registry that others see too. */
async function listed(registry: FakeRegistry = new FakeRegistry()) {
  const world = await aMesh({ service: 'orders', registry: registry.client() });
  await world.mesh.announce({ host: '10.0.0.5', port: 3000, id: 'a' });
  const watching = registry.client().resolve('orders');
  const weights = () => ('endpoints' in watching.value ? watching.value.endpoints.map(({ weight }) => weight) : []);
  return { ...world, registry, watching, weights };
}

/** Whether something has come to its end. */
function watch(promise: Promise<unknown>): { readonly over: boolean } {
  const state = { over: false };
  promise.finally(() => {
    state.over = true;
  });
  return state;
}

const steps = ({ told }: Pick<MeshInTest, 'told'>) =>
  told('leaving').map(({ step, ms, problem }) => [step, ms, problem] as const);

test('who leaves is marked at once, listed for another second, and then gone', async () => {
  const { mesh, env, weights, watching, told } = await listed();
  const end = watch(mesh.close());
  await settled();
  assert.deepEqual(weights(), [0]);
  assert.ok('endpoints' in watching.value);
  assert.equal(watching.value.endpoints[0]!.metadata.instance_status, 'OUT_OF_SERVICE'); // what Spring goes by
  await env.clock.advance(999);
  assert.deepEqual(weights(), [0]);
  assert.equal(end.over, false);
  await env.clock.advance(1);
  assert.deepEqual(weights(), []);
  assert.equal(end.over, true);
  assert.deepEqual(steps({ told }), [
    ['drained', 1_000, ''],
    ['closed', 1_000, ''],
  ]);
  assert.equal(env.clock.pending, 0);
});

test('a fixed list takes the same time, so that a program leaves alike with any registry', async () => {
  const { mesh, env } = await aMesh();
  const listing = await mesh.announce({ host: '10.0.0.5', port: 3000 });
  const end = watch(mesh.close());
  await env.clock.advance(999);
  assert.equal(listing.instance.weight, 0);
  assert.equal(end.over, false);
  await env.clock.advance(1);
  assert.equal(listing.state.value, 'left');
  assert.equal(end.over, true);
});

test('a mesh that was never listed closes without waiting, and refuses calls from that moment', async () => {
  const { mesh, env, told } = await aMesh();
  const closed = mesh.close();
  await assert.rejects(
    mesh.call('orders', () => 1),
    { reason: 'closed', sent: 'no' },
  );
  await closed;
  assert.deepEqual(steps({ told }), [['closed', 0, '']]);
  assert.equal(env.clock.pending, 0);
});

test('how long others have to hear of it can be chosen, and none at all', async () => {
  for (const drainMs of [0, 250]) {
    const { mesh, env, weights } = await listed();
    const end = watch(mesh.close({ drainMs }));
    if (drainMs > 0) {
      await env.clock.advance(drainMs - 1);
      assert.equal(end.over, false);
      await env.clock.advance(1);
    }
    await env.clock.advance(0);
    assert.equal(end.over, true);
    assert.deepEqual(weights(), []);
    assert.equal(env.clock.pending, 0);
  }
});

test('who is still served may need others: calls go on until what serves is closed, and not longer', async () => {
  const { mesh, env, registry } = await listed();
  registry.set('stock', ['http://10.0.1.1:3000']);
  const serving = Promise.withResolvers<void>();
  const order: string[] = [];
  mesh.onClose(() => {
    order.push('server');
    return serving.promise;
  });
  const closed = mesh.close();
  assert.equal(await mesh.call('stock', () => 'while draining'), 'while draining');
  await env.clock.advance(1_000);
  assert.deepEqual(order, ['server']);
  assert.equal(await mesh.call('stock', () => 'while stopping'), 'while stopping');
  serving.resolve();
  await settled();
  await assert.rejects(
    mesh.call('stock', () => 1),
    { reason: 'closed' },
  );
  await closed;
  assert.equal(env.clock.pending, 0);
});

test('what is done on closing begins only when others have had time to hear, and off the list', async () => {
  const { mesh, env, weights } = await listed();
  const seen: unknown[] = [];
  mesh.onClose(() => seen.push(weights()));
  const forget = mesh.onClose(() => seen.push('forgotten'));
  forget();
  void mesh.close();
  await env.clock.advance(999);
  assert.deepEqual(seen, []);
  await env.clock.advance(1);
  assert.deepEqual(seen, [[]]);
  assert.throws(() => mesh.onClose(() => {}), { reason: 'closed' });
});

test('a task that fails is told of, and one that never ends is left to itself: calls and sockets end all the same', async () => {
  const { mesh, env, told } = await aMesh();
  mesh.onClose(() => {
    throw new Error('no such server');
  });
  await mesh.close();
  assert.deepEqual(steps({ told })[0], ['stopped', 0, 'no such server']);
  assert.equal(env.clock.pending, 0);

  const other = await aMesh();
  other.mesh.onClose(() => new Promise(() => {}));
  const under = assert.rejects(
    other.mesh.call('orders', () => new Promise(() => {})),
    { reason: 'closed', sent: 'maybe' },
  );
  const end = watch(other.mesh.close({ timeoutMs: 500 }));
  await other.env.clock.advance(500);
  await under;
  assert.equal(end.over, true);
  assert.deepEqual(steps(other), [
    ['stopped', 500, 'not done within 500 ms'],
    ['closed', 500, ''],
  ]);
  assert.equal(other.env.clock.pending, 0);
});

test('tasks and calls share one time limit', async () => {
  const { mesh, env } = await aMesh();
  mesh.onClose(() => new Promise<void>((resolve) => env.clock.schedule(300, resolve)));
  const under = assert.rejects(
    mesh.call('orders', () => new Promise(() => {})),
    { reason: 'closed' },
  );
  const end = watch(mesh.close({ timeoutMs: 500 }));
  await env.clock.advance(499);
  assert.equal(end.over, false);
  await env.clock.advance(1);
  await under;
  assert.equal(end.over, true);
});

test('a call made within another, and called off with it, is called off once', async () => {
  const { mesh, env, told } = await aMesh();
  const refused = { reason: 'closed', sent: 'maybe' };
  const inner = Promise.withResolvers<void>();
  const outer = mesh.call('orders', ({ signal }) => {
    const stock = mesh.call('stock', () => new Promise<never>(() => {}), { signal });
    inner.resolve(assert.rejects(stock));
    return new Promise<never>(() => {});
  });
  const failed = assert.rejects(outer, refused);
  const end = watch(mesh.close({ timeoutMs: 500 }));
  await env.clock.advance(500);
  await failed;
  await inner.promise;
  assert.equal(end.over, true);
  assert.deepEqual(steps({ told }), [['closed', 500, '']]);
  assert.equal(env.clock.pending, 0);
});

/** A registry where nothing ever ends. */
function silent(): Registry {
  const fake = new FakeRegistry();
  const never = () => new Promise<never>(() => {});
  return {
    name: 'silent',
    resolve: (service) => fake.resolve(service),
    services: never,
    announce: async (instance) => {
      const listing = await fake.announce(instance);
      return { ...listing, instance, state: listing.state, update: never, close: never } as Announcement;
    },
    close: never,
    [Symbol.asyncDispose]: never,
  };
}

test('a registry that never answers holds nobody up for longer than is said', async () => {
  const { mesh, env, told } = await aMesh({ registry: silent() });
  await mesh.announce({ host: '10.0.0.5', port: 3000 });
  const end = watch(mesh.close());
  await env.clock.advance(1_000 + 3_000 + 3_000 - 1);
  assert.equal(end.over, false);
  await env.clock.advance(1);
  assert.equal(end.over, true);
  assert.deepEqual(steps({ told }), [
    ['drained', 1_000, '1 of 1 could not be told'],
    ['closed', 7_000, ''],
  ]);
  assert.equal(env.clock.pending, 0);
});

test('a registry that throws when it is closed keeps nothing else open', async () => {
  const registry: Registry = {
    ...silent(),
    close() {
      throw new Error('its own fault');
    },
  };
  const { mesh, env, told } = await aMesh({ registry });
  await mesh.call('orders', () => 'answered', { timeout: '5s' }).catch(() => {});
  await mesh.close();
  assert.deepEqual(steps({ told }), [['closed', 0, '']]);
  assert.equal(env.clock.scheduled, 0);
});

test('where nobody could be told there is nothing to wait for, and all the rest is closed', async () => {
  const away = new MeshError('registry', 'away');
  const throws = (): never => {
    throw away;
  };
  for (const no of [() => Promise.reject(away), throws]) {
    const fake = new FakeRegistry();
    const { mesh, env } = await aMesh({
      registry: {
        name: 'refusing',
        resolve: (service) => fake.resolve(service),
        services: () => fake.services(),
        announce: async (instance) => {
          const listing = await fake.announce(instance);
          return { ...listing, instance, state: listing.state, update: no, close: no } as Announcement;
        },
        close: () => fake.close(),
        [Symbol.asyncDispose]: () => fake.close(),
      },
    });
    await mesh.announce({ host: '10.0.0.5', port: 3000 });
    await mesh.close();
    assert.equal(env.clock.now(), 0);
    assert.equal(env.clock.pending, 0);
    assert.equal(fake.open, 0);
  }
});

test('who joins while the mesh leaves is taken off the list again, and told so', async () => {
  const fake = new FakeRegistry();
  const late = Promise.withResolvers<void>();
  const { mesh, env } = await aMesh({
    service: 'orders',
    registry: {
      name: 'slow',
      resolve: (service) => fake.resolve(service),
      services: () => fake.services(),
      announce: async (instance) => {
        await late.promise;
        return fake.announce(instance);
      },
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    },
  });
  const joining = assert.rejects(mesh.announce({ host: '10.0.0.5', port: 3000 }), { reason: 'closed' });
  await mesh.close();
  late.resolve();
  await joining;
  assert.equal(fake.open, 0);
  assert.equal(env.clock.pending, 0);
});

test('an option that there is not, or that is no number, is refused, and nothing is closed for it', async () => {
  const { mesh } = await aMesh();
  for (const [options, message] of [
    [{ drain: 5 }, /close: no such option 'drain'; there are drainMs, timeoutMs/],
    [{ drainMs: -1 }, /close: drainMs must be a number of at least 0, got -1/],
    [{ timeoutMs: '5s' }, /close: timeoutMs must be a number of at least 0, got '5s'/],
  ] as const) {
    await assert.rejects(mesh.close(options as object), { code: 'INVALID_ARGUMENT', message });
  }
  assert.equal(await mesh.call('orders', () => 'still open'), 'still open');
  await mesh.close();
});
