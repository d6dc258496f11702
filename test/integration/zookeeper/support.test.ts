import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { startEnsemble, startTlsZooKeeper, startZooKeeper } from '../../support/zookeeper.ts';

test('a server starts, answers, can be killed and started again on its port', async () => {
  await using server = await startZooKeeper();
  assert.match(await server.ask('srvr'), /Mode: standalone/);
  await server.kill();
  await assert.rejects(server.ask('srvr'), { code: 'ECONNREFUSED' });
  await server.start();
  assert.match(await server.ask('srvr'), /Mode: standalone/);
});

test('three servers elect one leader', async () => {
  const servers = await startEnsemble();
  try {
    const modes = await Promise.all(servers.map(async (server) => /Mode: (\w+)/.exec(await server.ask('srvr'))?.[1]));
    assert.deepEqual(modes.sort(), ['follower', 'follower', 'leader']);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
});

test('a server with TLS starts', async () => {
  await using server = await startTlsZooKeeper();
  assert.ok(existsSync(server.certificates.cert));
});

test('a server does not outlive the process that started it, however that ends', async () => {
  const code = `
    import { startZooKeeper } from '${new URL('../../support/zookeeper.ts', import.meta.url)}';
    const server = await startZooKeeper();
    console.log(server.port);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await new Promise((resolve) => child.stdout.setEncoding('utf8').once('data', resolve)));
  child.kill('SIGKILL');
  const refused = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(false);
      }).on('error', () => resolve(true));
    });
  while (!(await refused()));
});

test('the proxy passes, cuts and swallows', async () => {
  await using server = await startZooKeeper();
  await using proxy = await FaultProxy.to(server);
  const ask = () =>
    new Promise<string>((resolve) => {
      let answer = '';
      const socket = connect(proxy.port, '127.0.0.1', () => socket.write('ruok'));
      socket.setEncoding('utf8').on('data', (text) => {
        answer += text;
      });
      socket.on('error', () => {}).on('close', () => resolve(answer));
    });
  assert.equal(await ask(), 'imok');
  proxy.set({ truncateAfter: 2 });
  assert.equal(await ask(), 'im');
  proxy.set({ refuse: true });
  assert.equal(await ask(), '');
  proxy.set({ hang: true });
  const hanging = ask();
  await proxy.nextConnection();
  proxy.cut();
  assert.equal(await hanging, '');
  assert.equal(proxy.open, 0);
});
