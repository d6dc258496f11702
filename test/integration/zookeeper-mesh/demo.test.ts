import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { test } from 'node:test';
import { allGone, demo } from '../../support/demo.ts';
import { startZooKeeper } from '../../support/zookeeper.ts';

test('the demo loses no call on a ZooKeeper of its own, which is killed and started again too', async (t) => {
  const { ended, output, folder } = await demo(t, '--plain', '--seconds', '8', '--registry', 'zookeeper');
  assert.equal(await ended, 0, output.text);
  for (const what of [
    /▶ a is killed with SIGKILL/,
    /▶ ZooKeeper is killed with SIGKILL/,
    /! the registry is away: the last good list stands/,
    /▶ ZooKeeper is started again/,
    /! the registry is back/,
    /▶ a is started again/,
    /✓ 0 of [\d ]+ calls failed with the mesh/,
  ]) {
    assert.match(output.text, what);
  }
  await allGone(folder);
  assert.deepEqual(await readdir(folder), []);
});

test('the demo runs on a ZooKeeper that is there', async (t) => {
  await using server = await startZooKeeper();
  const url = `zookeeper://${server.address}`;
  const { ended, output } = await demo(t, '--plain', '--seconds', '5', '--registry', url);
  assert.equal(await ended, 0, output.text);
  assert.match(output.text, /✓ 0 of [\d ]+ calls failed with the mesh/);
  assert.doesNotMatch(output.text, /ZooKeeper is killed/);
});

test('neither processes nor ZooKeeper nor its files stay when the demo is ended', async (t) => {
  const { process, ended, printed, folder } = await demo(t, '--plain', '--registry', 'zookeeper');
  await printed(/calls begin/);
  process.kill('SIGINT');
  assert.equal(await ended, 128 + constants.signals.SIGINT);
  await allGone(folder);
  assert.deepEqual(await readdir(folder), []);
});
