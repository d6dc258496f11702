import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Announcement, createMesh, type Mesh } from '../../../src/index.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { heard } from '../../support/heard.ts';
import { aFolder, type Program, start } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { startEnsemble, startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import { eventually } from './helpers.ts';

const AWAY_MS = Number(process.env.ZOOKEEPER_AWAY_MS ?? 4_000); // four session timeouts
const QUICK = 'sessionTimeout=1s&hold=500ms&spread=200ms';

/** Somebody who serves `orders`, and is listed. */
interface Instance {
  readonly mesh: Mesh;
  readonly listing: Announcement;
  readonly server: Server;
}

/** Serves until the test ends, however it ends, or until it leaves. */
async function serve(t: TestContext, registry: string): Promise<Instance> {
  const server = createServer((_, response) => setTimeout(() => response.end('ok'), 5));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const mesh = await createMesh({ service: 'orders', registry });
  t.after(() => Promise.all([mesh.close(), server.close(), server.closeAllConnections()]));
  return { mesh, server, listing: await mesh.announce({ port, host: '127.0.0.1' }) };
}

/** Leaves as it should: the mesh first, then the socket. */
async function leave({ mesh, server }: Instance): Promise<void> {
  await mesh.close();
  await new Promise((resolve) => server.close(resolve));
}

/** A mesh that calls `orders` steadily until told to stop. */
class Caller {
  readonly failures: string[] = [];
  calls = 0;
  readonly mesh: Mesh;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<unknown>>();

  constructor(mesh: Mesh, perSecond: number) {
    this.mesh = mesh;
    this.#timer = setInterval(() => {
      for (let count = 0; count < perSecond / 100; count++) this.#call();
    }, 10);
  }

  /** One that is stopped when the test ends, however it ends. */
  static async of(t: TestContext, registry: string, perSecond: number, endpoints: number): Promise<Caller> {
    const mesh = await createMesh({ service: 'checkout', registry });
    await mesh.dependsOn('orders', { minEndpoints: endpoints });
    const caller = new Caller(mesh, perSecond);
    t.after(() => caller.stop());
    return caller;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    await this.mesh.close();
  }

  #call(): void {
    this.calls++;
    const call: Promise<unknown> = this.mesh
      .request('http://orders/')
      .then((answer) => answer.body.text())
      .catch((error: Error) => this.failures.push(error.message))
      .finally(() => this.#open.delete(call));
    this.#open.add(call);
  }
}

/** Waits until the list is stale, or no longer so; on a busy machine it may be already, since its session is short. */
const stale = async (mesh: Mesh, on: boolean): Promise<void> => {
  const turned = heard(mesh, (event) => event.type === 'registry' && event.stale === on);
  const [orders] = mesh.snapshot().clusters;
  if ((orders!.stale !== null) !== on) await turned;
};

const urlOf = (servers: readonly { address: string }[]): string =>
  `zookeeper://${servers.map(({ address }) => address).join(',')}?${QUICK}`;

test('calls go on while ZooKeeper is away, comes back, loses its leader, and forgets every session', async (t) => {
  const ensemble = await startEnsemble();
  const url = urlOf(ensemble);
  const instances = await Promise.all([serve(t, url), serve(t, url), serve(t, url)]);
  const caller = await Caller.of(t, url, 200, 3);
  const listed = async () => {
    for (const { listing } of instances) await until(listing.state, (state) => state === 'listed');
  };

  let change = stale(caller.mesh, true);
  await Promise.all(ensemble.map((server) => server.kill()));
  await change;
  await pause(AWAY_MS); // how long it is away is what this is about
  change = stale(caller.mesh, false);
  await Promise.all(ensemble.map((server) => server.start()));
  await Promise.all([change, listed()]);
  t.diagnostic(`away for ${AWAY_MS} ms: ${caller.failures.length} of ${caller.calls} calls failed`);

  const leader = await leaderOf(ensemble);
  change = stale(caller.mesh, true);
  await leader.kill();
  await change;
  await stale(caller.mesh, false);
  await Promise.all([leader.start(), listed()]);
  t.diagnostic(`leader killed: ${caller.failures.length} of ${caller.calls} calls failed`);

  change = stale(caller.mesh, true);
  await Promise.all(ensemble.map((server) => server.kill()));
  await change;
  for (const { listing } of instances) await until(listing.state, (state) => state === 'lost');
  change = stale(caller.mesh, false);
  await Promise.all(ensemble.map((server) => server.start({ wipe: true })));
  await Promise.all([change, listed()]);
  t.diagnostic(`every session forgotten: ${caller.failures.length} of ${caller.calls} calls failed`);

  await caller.stop();
  assert.deepEqual(caller.failures, []);
  await Promise.all(instances.map(leave));
  await Promise.all(ensemble.map((server) => server.stop()));
});

async function leaderOf(ensemble: readonly ZooKeeperServer[]): Promise<ZooKeeperServer> {
  const modes = await Promise.all(ensemble.map((server) => server.ask('srvr')));
  return ensemble[modes.findIndex((mode) => mode.includes('Mode: leader'))]!;
}

test('calls go on while every instance is cut off from ZooKeeper', async (t) => {
  await using server = await startZooKeeper();
  await using wire = await FaultProxy.to(server);
  const instances = await Promise.all(Array.from({ length: 3 }, () => serve(t, urlOf([wire]))));
  const caller = await Caller.of(t, urlOf([server]), 200, 3);
  wire.set({ holeUp: true, holeDown: true });
  for (const { listing } of instances) await until(listing.state, (state) => state === 'lost');
  await eventually(
    () => server.ask('dump'),
    (dump) => !dump.includes('/services/orders/'),
  );
  const calls = caller.calls;
  await eventually(
    () => caller.calls,
    (now) => now > calls + 300,
  );
  wire.heal();
  for (const { listing } of instances) await until(listing.state, (state) => state === 'listed');
  await caller.stop();
  t.diagnostic(`${caller.failures.length} of ${caller.calls} calls failed`);
  assert.deepEqual(caller.failures, []);
  await Promise.all(instances.map(leave));
});

test('four instances are restarted one after the other at 500 calls a second, and no call fails', async (t) => {
  await using server = await startZooKeeper();
  const url = urlOf([server]);
  const instances = await Promise.all(Array.from({ length: 4 }, () => serve(t, url)));
  const caller = await Caller.of(t, url, 500, 4);
  const seen: number[] = [];
  for (const [at, before] of instances.entries()) {
    const { host, port } = before.listing.instance;
    const known = heard(caller.mesh, (event) => event.type === 'endpoints' && event.added.length > 0);
    instances[at] = await serve(t, url);
    await known;
    const gone = heard(caller.mesh, (event) => {
      return event.type === 'endpoints' && event.removed.includes(`${host}:${port}`);
    });
    const told = until(before.listing.state, (state) => state === 'left').then(() => performance.now());
    await Promise.all([leave(before), gone.then(async () => seen.push(performance.now() - (await told)))]);
  }
  await caller.stop();
  t.diagnostic(`seen by the caller ${seen.map((ms) => Math.round(ms)).join(', ')} ms after each had left the tree`);
  t.diagnostic(`${caller.failures.length} of ${caller.calls} calls failed`);
  assert.deepEqual(caller.failures, []);
  await Promise.all(instances.map(leave));
});

test('an instance that is killed goes when its session does, and nobody calls it long before', async (t) => {
  await using server = await startZooKeeper();
  const registry = urlOf([server]);
  const [first] = await Promise.all(Array.from({ length: 3 }, () => program(t, registry)));
  const caller = await Caller.of(t, registry, 200, 3);
  const gone = heard(caller.mesh, (event) => event.type === 'endpoints' && event.removed.includes(first!.address));
  const killed = performance.now();
  first!.kill();
  await eventually(
    () => server.ask('dump'),
    (dump) => (dump.match(/\/services\/orders\//g) ?? []).length === 2,
  );
  t.diagnostic(`gone from the tree ${Math.round(performance.now() - killed)} ms after kill -9; T is 1000, tick 200`);
  await gone;
  t.diagnostic(`gone from the list ${Math.round(performance.now() - killed)} ms after kill -9; the hold is 500`);
  await caller.stop();
  t.diagnostic(`${caller.failures.length} of ${caller.calls} calls failed`);
  assert.deepEqual(caller.failures, []);
});

test('a process that stood still for longer than its session lives is listed again once it goes on (H28)', async (t) => {
  await using server = await startZooKeeper();
  const stopped = await program(t, urlOf([server]));
  const listed = (dump: string) => dump.includes('/services/orders/');
  process.kill(stopped.pid, 'SIGSTOP');
  await eventually(
    () => server.ask('dump'),
    (dump) => !listed(dump),
  );
  const begun = performance.now();
  process.kill(stopped.pid, 'SIGCONT');
  await eventually(() => server.ask('dump'), listed);
  t.diagnostic(`listed again ${Math.round(performance.now() - begun)} ms after SIGCONT`);
  await using mesh = await createMesh({ service: 'checkout', registry: urlOf([server]) });
  const answer = await mesh.request('http://orders/');
  assert.equal(await answer.body.text(), String(stopped.pid));
});

test('a process that starts while ZooKeeper is away calls whom the one before it knew', async (t) => {
  const folder = await aFolder(t);
  await using server = await startZooKeeper();
  const registry = `${urlOf([server])}&snapshot=${encodeURIComponent(`${folder}/services.json`)}`;
  const instance = await serve(t, urlOf([server]).replace('Timeout=1s', 'Timeout=3s'));
  const before = await Caller.of(t, registry, 100, 1);
  await before.stop();
  const lost = until(instance.listing.state, (state) => state === 'lost', 60_000); // maybe before there is a server again
  const killed = performance.now();
  await server.kill();
  await using mesh = await createMesh({ service: 'checkout', registry });
  const answer = await mesh.request('http://orders/');
  assert.equal(await answer.body.text(), 'ok');
  const aged = performance.now() - killed;
  const [known] = mesh.snapshot().clusters;
  assert.ok(known!.stale!.ms >= aged, `as old as the file, ${aged} ms, and not ${known!.stale!.ms}`);
  assert.equal(mesh.snapshot().session?.state, 'connecting');
  const caller = new Caller(mesh, 100);
  const back = stale(mesh, false).then(() => mesh.snapshot().session); // so short a session may be lost again a moment later
  await server.start({ wipe: true }); // and it comes back with nothing: who was listed is so again after a while
  assert.deepEqual(await back, { state: 'connected', problem: '' });
  await lost;
  await until(instance.listing.state, (state) => state === 'listed');
  await caller.stop();
  assert.deepEqual(caller.failures, []);
  t.diagnostic(`0 of ${caller.calls} calls failed until the instance was listed again`);
  await leave(instance);
});

async function program(t: TestContext, registry: string): Promise<Program & { readonly address: string }> {
  const started = start(t, 'orders', { registry, answerMs: 5, port: 0 });
  const { address } = await started.said<{ address: string }>('address');
  return { ...started, address };
}
