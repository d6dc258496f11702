import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { create, exists, getData, setData } from '../../../src/zookeeper/operations.ts';
import type { SessionState } from '../../../src/zookeeper/session-state.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { freePorts, startEnsemble, startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import { becomes, eventually, HeldClock, openSession, realEnv } from './helpers.ts';

let server: ZooKeeperServer;
before(async () => {
  server = await startZooKeeper();
});
after(() => server.stop());

const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const ephemeral = (path: string) => create(path, Buffer.from('x'), OPEN, 'ephemeral');

test('a session waits for a server that is not there yet, and says what it tried (H1)', async () => {
  const late = await startZooKeeper();
  await late.kill();
  const session = openSession(late.address);
  await assert.rejects(session.ask(exists('/')), { code: 'CONNECTION_LOSS' }); // at once, and it never happens late
  await eventually(
    () => session.problem,
    (problem) => problem.includes('ECONNREFUSED'),
  );
  await assert.rejects(session.ready(10), {
    code: 'UNREACHABLE',
    message: `zookeeper://${late.address} could not be reached within 10 ms: ${late.address}: ECONNREFUSED`,
  });
  await late.start();
  await session.ready(20_000);
  assert.ok(session.id !== 0n);
  await session.close();
  await late.stop();
});

test('what each server of an ensemble answered is told', async () => {
  const [nobody] = await freePorts(1);
  await using proxy = await FaultProxy.to(server);
  proxy.set({ hang: true });
  const session = openSession(`127.0.0.1:${nobody},${proxy.address}`, { timeoutMs: 1_000 });
  const tried = [`127.0.0.1:${nobody}: ECONNREFUSED`, `${proxy.address}: no answer within 250 ms`];
  await eventually(
    () => session.problem,
    (problem) => tried.every((what) => problem.includes(what)),
  );
  await assert.rejects(session.ready(10), (error: Error) => tried.every((what) => error.message.includes(what)));
  await session.close();
});

test('a cut connection suspends the session, and the same one goes on', async () => {
  await using proxy = await FaultProxy.to(server);
  const session = openSession(proxy.address);
  await session.ready(20_000);
  const { id } = session;
  await session.ask(ephemeral('/cut'));
  const states: SessionState['is'][] = [];
  const ups: boolean[] = [];
  session.state.watch(({ is }) => states.push(is));
  session.onUp(({ resumed }) => ups.push(resumed));
  for (let round = 0; round < 3; round++) {
    proxy.cut();
    await becomes(session, 'suspended');
    await becomes(session, 'connected');
  }
  assert.equal(session.id, id);
  assert.equal((await session.ask(exists('/cut'))).ephemeralOwner, id);
  assert.deepEqual(ups, [true, true, true]);
  assert.deepEqual(new Set(states), new Set(['connected', 'suspended']));
  await session.close();
});

test('a partition is seen, then the session is lost by our own clock, and a new one begins (H6)', async () => {
  await using proxy = await FaultProxy.to(server);
  const session = openSession(proxy.address, { timeoutMs: 2_000 });
  await session.ready(20_000);
  const { id } = session;
  await session.ask(ephemeral('/partition'));
  proxy.set({ holeUp: true, holeDown: true });
  const asked = [session.ask(exists('/')), session.ask(exists('/a')), session.ask(setData('/b', Buffer.alloc(1)))];
  await becomes(session, 'suspended');
  for (const one of asked) await assert.rejects(one, { code: 'CONNECTION_LOSS' });
  await becomes(session, 'lost');
  const watcher = openSession(server.address);
  await watcher.ready(20_000);
  await eventually(
    () => watcher.ask(exists('/partition')).catch((error) => error.code),
    (code) => code === 'NO_NODE',
  );
  proxy.heal();
  proxy.cut();
  await becomes(session, 'connected');
  assert.notEqual(session.id, id);
  assert.ok(session.wasOurs(id));
  assert.equal(session.id === 0n, false);
  await Promise.all([session.close(), watcher.close()]);
});

test('a session that seemed lost goes on when all servers were away: they count from anew', async () => {
  const own = await startZooKeeper();
  const clock = new HeldClock();
  const session = openSession(own.address, { timeoutMs: 4_000 }, { ...realEnv(), clock });
  await session.ready(20_000);
  const { id } = session;
  await session.ask(ephemeral('/kept'));
  await own.kill();
  await becomes(session, 'lost');
  clock.hold(); // how long a server takes to start on a busy machine is not what this is about
  await own.start();
  clock.go();
  await becomes(session, 'connected');
  assert.equal(session.id, id);
  assert.equal((await session.ask(exists('/kept'))).ephemeralOwner, id);
  await session.close();
  await own.stop();
});

test('a server whose data was wiped is taken as new, after a while of being hung up on (H21)', async () => {
  const own = await startZooKeeper();
  const session = openSession(own.address, { timeoutMs: 2_000 });
  await session.ready(20_000);
  for (let at = 0; at < 20; at++) await session.ask(create(`/n${at}`, Buffer.alloc(1), OPEN, 'persistent'));
  const lost = becomes(session, 'lost'); // maybe before there is a server again
  await own.kill();
  await own.start({ wipe: true });
  await lost;
  await becomes(session, 'connected');
  await assert.rejects(session.ask(exists('/n1')), { code: 'NO_NODE' });
  await session.close();
  await own.stop();
});

test('ten thousand questions at once are asked 64 at a time, and every one settles through a cut (H10, H34)', async () => {
  await using proxy = await FaultProxy.to(server);
  const begun = performance.now();
  const session = openSession(proxy.address, { timeoutMs: 120_000 });
  await session.ready(20_000);
  let over = 0;
  const ask = () => session.ask(exists('/')).finally(() => over++);
  const asked = Promise.allSettled(Array.from({ length: 10_000 }, ask));
  let most = -1;
  while (over < 5_000 || most < 0) {
    const [, open] = /Outstanding: (\d+)/.exec(await server.ask('srvr')) ?? []; // a busy server may hang up instead
    if (open !== undefined) most = Math.max(most, Number(open));
  }
  const pings = Math.floor((performance.now() - begun) / (session.timeoutMs / 6)); // are no questions, and need no leave
  const late = Promise.allSettled(Array.from({ length: 100 }, ask)); // while the server told, all others may have settled
  proxy.cut();
  const settled = [...(await asked), ...(await late)];
  assert.ok(most <= 64 + pings, `${most} were open`);
  const lost = settled.filter((one) => one.status === 'rejected');
  assert.ok(lost.every((one) => one.reason.code === 'CONNECTION_LOSS'));
  assert.ok(lost.length > 0 && lost.length < 10_000, `${lost.length} were lost`);
  await session.close();
});

test('a server that takes sessions and drops them is not hammered (H15)', async () => {
  await using proxy = await FaultProxy.to(server);
  proxy.set({ truncateAfter: 41 }); // just the greeting
  const session = openSession(proxy.address, { timeoutMs: 1_000 });
  await proxy.nextConnection();
  await pause(2_000); // this is about how little happens in a time
  assert.ok(proxy.connects <= 10, `${proxy.connects} connections in two seconds`);
  await session.close();
});

test('the leader of an ensemble dies, and sessions go on with the others (H32)', async () => {
  const servers = await startEnsemble();
  const modes = await Promise.all(servers.map((one) => one.ask('srvr')));
  const leader = servers[modes.findIndex((mode) => mode.includes('Mode: leader'))]!;
  const session = openSession(servers.map(({ address }) => address).join(','), { timeoutMs: 20_000 });
  await session.ready(20_000);
  const { id } = session;
  await session.ask(ephemeral('/survives'));
  const suspended = becomes(session, 'suspended');
  await leader.kill();
  await suspended;
  await becomes(session, 'connected');
  assert.equal(session.id, id);
  assert.equal((await session.ask(getData('/survives'))).stat.ephemeralOwner, id);
  await session.close();
  await Promise.all(servers.map((one) => one.stop()));
});

test('a server that lost its quorum, and would still answer who only reads, is no server for us (H22)', async () => {
  const servers = await startEnsemble(3, { properties: { 'readonlymode.enabled': 'true' } });
  const session = openSession(servers.map(({ address }) => address).join(','), { timeoutMs: 60_000 });
  await session.ready(20_000);
  const { id } = session;
  await session.ask(ephemeral('/quorum'));
  const [left, ...others] = servers;
  await Promise.all(others.map((one) => one.kill()));
  await eventually(
    () => left!.ask('srvr').catch(() => ''),
    (said) => said.includes('Mode: read-only'),
  );
  await becomes(session, 'suspended');
  await eventually(
    () => session.problem,
    (problem) => problem.includes(`${left!.address}: the server hung up`),
  );
  await assert.rejects(session.ask(exists('/quorum')), { code: 'CONNECTION_LOSS' });
  await Promise.all(others.map((one) => one.start()));
  await becomes(session, 'connected');
  assert.equal(session.id, id);
  assert.equal((await session.ask(exists('/quorum'))).ephemeralOwner, id);
  await session.close();
  await Promise.all(servers.map((one) => one.stop()));
});

test('closing is short and final in every state (H9)', async () => {
  await using proxy = await FaultProxy.to(server);
  const connected = openSession(proxy.address);
  await connected.ready(20_000);
  await connected.ask(ephemeral('/closing'));
  await Promise.all([connected.close(), connected.close()]);
  assert.equal(connected.state.value.is, 'closed');
  await assert.rejects(connected.ask(exists('/')), { code: 'CONNECTION_LOSS' });
  await assert.rejects(connected.ready(100), { code: 'UNREACHABLE' });

  const sameTick = openSession(proxy.address);
  await sameTick.close();
  const connecting = openSession(proxy.address);
  await proxy.nextConnection();
  await connecting.close();

  const away = openSession(proxy.address);
  await away.ready(20_000);
  proxy.set({ refuse: true });
  proxy.cut();
  await becomes(away, 'suspended');
  await away.close();

  proxy.heal();
  const mute = openSession(proxy.address);
  await mute.ready(20_000);
  proxy.set({ holeUp: true, holeDown: true });
  await mute.close(); // a second at most
  await eventually(
    () => proxy.open,
    (open) => open === 0,
  );

  const watcher = openSession(server.address);
  await watcher.ready(20_000);
  await assert.rejects(watcher.ask(exists('/closing')), { code: 'NO_NODE' });
  await watcher.close();
});

for (const [name, address, isSo] of [
  ['connected', () => server.address, `session.state.value.is === 'connected'`],
  [
    'trying',
    () => '127.0.0.1:1',
    `session.state.value.is === 'connecting' && session.problem.includes('ECONNREFUSED')`,
  ],
] as const) {
  test(`a process whose session is ${name} ends when it has nothing else to do (H27)`, async () => {
    const helpers = fileURLToPath(new URL('./helpers.ts', import.meta.url));
    const code = `
      const { openSession } = await import(${JSON.stringify(helpers)});
      const session = openSession(process.argv[1]);
      const looking = setInterval(() => {
        if (!(${isSo})) return;
        console.log('so');
        clearInterval(looking);
      }, 10);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code, address()], { stdio: 'pipe' });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const exit = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(exit, 0);
    assert.equal(said.trim(), 'so');
  });
}
