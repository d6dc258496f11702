import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createMesh, type Mesh } from '../../../src/index.ts';
import { zookeeperRegistry } from '../../../src/zookeeper/registry.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { heard } from '../../support/heard.ts';
import { type Program, pace, type Settled, start } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import type { Step } from '../programs/leaver.ts';
import { realEnv } from '../zookeeper/helpers.ts';

const urlOf = (server: { readonly address: string }, sessionTimeout = '2s'): string =>
  `zookeeper://${server.address}?sessionTimeout=${sessionTimeout}`;

const LONG = '20s'; // where nobody is to go because their session did

/** Starts a server of `orders`, and waits until it is listed. */
async function leaver(t: TestContext, server: ZooKeeperServer): Promise<Program & { readonly address: string }> {
  const program = start(t, 'leaver', { registry: urlOf(server) });
  const { address } = await program.said<{ address: string }>('address');
  return { ...program, address };
}

async function callerOf(t: TestContext, server: ZooKeeperServer, endpoints: number): Promise<Mesh> {
  const mesh = await createMesh({ service: 'checkout', registry: urlOf(server) });
  t.after(() => mesh.close({ timeoutMs: 0 }));
  await mesh.dependsOn('orders', { minEndpoints: endpoints });
  return mesh;
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

/** Restarts four processes one after the other, each ended by `signal`, at 500 calls a second. Gives what failed. */
async function restart(t: TestContext, signal: 'SIGTERM' | 'SIGKILL', method: 'POST' | 'GET'): Promise<string[]> {
  await using server = await startZooKeeper();
  let programs = await Promise.all(Array.from({ length: 4 }, () => leaver(t, server)));
  const mesh = await callerOf(t, server, 4);
  const body = method === 'POST' ? 'x' : null;
  let restarts = 0;
  let late = 0;
  let done = false;
  const restarting = (async () => {
    for (const program of [...programs]) {
      const next = await leaver(t, server);
      process.kill(program.pid, signal);
      assert.equal(await program.ended, signal);
      programs = programs.filter((other) => other !== program).concat(next);
      restarts++;
    }
    done = true;
  })();
  const settled: Settled<string>[] = [];
  while (!done) {
    settled.push(
      ...(await pace(500, 250, async () => (await mesh.request('http://orders/', { method, body })).body.text())),
    );
    if (done) late++;
  }
  await restarting;
  const errors = settled.flatMap((one) => ('error' in one ? [String(one.error)] : []));
  t.diagnostic(`${errors.length} of ${settled.length} calls failed over ${restarts} restarts`);
  assert.equal(restarts, 4);
  assert.ok(late > 0);
  return errors;
}

test('four processes are restarted by SIGTERM at 500 calls a second that must not be sent twice, and none fails', async (t) => {
  assert.deepEqual(await restart(t, 'SIGTERM', 'POST'), []);
});

test('four processes are killed and replaced at 500 calls a second that may be sent twice, and none fails', async (t) => {
  assert.deepEqual(await restart(t, 'SIGKILL', 'GET'), []);
});

const SET_DATA = 5;

/** A wire on which nothing follows a changed record until it is healed. */
async function patientWire(server: ZooKeeperServer): Promise<FaultProxy> {
  const wire = await FaultProxy.to(server);
  wire.onUp = (piece) => {
    for (let at = 0; at + 12 <= piece.length; at += 4 + piece.readInt32BE(at)) {
      if (piece.readInt32BE(at + 8) === SET_DATA) queueMicrotask(() => wire.set({ holeUp: true }));
    }
    return piece;
  };
  return wire;
}

test('who leaves is known to every watcher at once', async (t) => {
  const [leavers, watchers] = [20, 10];
  await using server = await startZooKeeper();
  const parties = await Promise.all(
    Array.from({ length: leavers }, async (_, n) => {
      const wire = await patientWire(server);
      const mesh = await createMesh({ service: 'orders', registry: urlOf(wire, LONG) });
      await mesh.announce({ host: '10.0.0.5', port: 3_000 + n, id: `i${n}` });
      return { wire, mesh };
    }),
  );
  t.after(() => Promise.all(parties.map(({ wire }) => wire.close())));
  const registries = Array.from({ length: watchers }, () => zookeeperRegistry(urlOf(server, LONG), {}, realEnv()));
  const lists = registries.map((registry) => registry.resolve('orders'));
  for (const list of lists) await until(list, (value) => 'endpoints' in value && value.endpoints.length === leavers);
  const took: number[] = [];
  for (const [n, { wire, mesh }] of parties.entries()) {
    const begun = performance.now();
    const closed = mesh.close({ drainMs: 50 }); // of which, on a busy machine, nothing may be left for who looks late
    await Promise.all(
      lists.map(async (list) => {
        const found = await until(list, (value) =>
          'endpoints' in value ? value.endpoints.every(({ id, weight }) => id !== `i${n}` || weight === 0) : false,
        );
        took.push(performance.now() - begun);
        assert.ok('endpoints' in found && found.endpoints.some(({ id }) => id === `i${n}`), 'first marked, then gone');
      }),
    );
    wire.heal();
    await closed;
    for (const list of lists)
      await until(list, (value) => ('endpoints' in value ? value.endpoints.every(({ id }) => id !== `i${n}`) : true));
  }
  took.sort((a, b) => a - b);
  const [p50, p99, max] = [at(took, 0.5), at(took, 0.99), at(took, 1)].map((ms) => ms.toFixed(1));
  t.diagnostic(`${took.length} times seen: p50 ${p50} ms, p99 ${p99} ms, most ${max} ms`);
  assert.equal(took.length, leavers * watchers);
  await Promise.all(registries.map((registry) => registry.close()));
  const dump = await server.ask('dump');
  assert.doesNotMatch(dump, /\/services\/orders\//);
});

for (const [how, harm] of [
  ['stands still', (server) => server.freeze()],
  ['is gone', (server) => server.kill()],
] as const satisfies [string, (server: ZooKeeperServer) => unknown][]) {
  test(`a process ends when it is asked to, also when ZooKeeper ${how}`, async (t) => {
    await using server = await startZooKeeper();
    const program = await leaver(t, server);
    const caller = await callerOf(t, server, 1);
    await harm(server);
    const begun = performance.now();
    process.kill(program.pid, 'SIGTERM');
    const said: Step[] = [];
    while (said.length < 3) said.push(await program.said<Step>('step'));
    assert.equal(await program.ended, 'SIGTERM');
    t.diagnostic(`ended ${Math.round(performance.now() - begun)} ms after SIGTERM`);
    assert.deepEqual(
      said.map(({ step, problem }) => [step, problem]),
      [
        ['drained', '1 of 1 could not be told'],
        ['stopped', ''],
        ['closed', ''],
      ],
    );
    const [endpoint] = caller.snapshot().clusters[0]!.endpoints;
    assert.equal(endpoint!.address, program.address); // nobody told, so it stands; calls find it dead
    server.thaw();
  });
}

test('a Spring peer is told by the status that it goes by, and then finds nothing', async () => {
  await using server = await startZooKeeper();
  await using wire = await patientWire(server);
  const mesh = await createMesh({ service: 'orders', registry: urlOf(wire, LONG) });
  await mesh.announce({ host: '10.0.0.5', port: 3000, id: 'a', metadata: { version: '2' } });
  const raw = zookeeperRegistry(urlOf(server, LONG), {}, realEnv());
  const list = raw.resolve('orders');
  await until(list, ({ is }) => is === 'bound');
  const closed = mesh.close({ drainMs: 200 });
  const marked = await until(
    list,
    (value) => 'endpoints' in value && value.endpoints.some(({ weight }) => weight === 0),
  );
  assert.ok('endpoints' in marked);
  assert.deepEqual(marked.endpoints[0]!.metadata, { instance_status: 'OUT_OF_SERVICE', version: '2' });
  wire.heal();
  await closed;
  await until(list, (value) => !('endpoints' in value) || value.endpoints.length === 0);
  await raw.close();
});

test('while it leaves, a process is called and calls others as ever', async (t) => {
  await using server = await startZooKeeper();
  const other = await leaver(t, server);
  const mesh = await createMesh({ service: 'stock', registry: urlOf(server) });
  await mesh.announce({ host: '10.0.0.5', port: 3000 });
  await mesh.dependsOn('orders');
  const drained = heard(mesh, (event) => event.type === 'leaving' && event.step === 'drained');
  const closed = mesh.close({ drainMs: 300 });
  const answer = await mesh.request('http://orders/');
  assert.equal(await answer.body.text(), String(other.pid));
  await drained;
  await closed;
  await assert.rejects(mesh.request('http://orders/'), { reason: 'closed' });
});
