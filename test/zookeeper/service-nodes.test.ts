import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveValue } from '../../src/core/live.ts';
import { testEnv } from '../../src/testing/env.ts';
import { settled } from '../../src/testing/virtual-clock.ts';
import { encodeRecord } from '../../src/wire/record.ts';
import { ZookeeperError } from '../../src/zookeeper/errors.ts';
import { Listeners } from '../../src/zookeeper/listeners.ts';
import type { Answer, Operation, Stat } from '../../src/zookeeper/operations.ts';
import { ServiceNodes } from '../../src/zookeeper/service-nodes.ts';
import type { SessionState } from '../../src/zookeeper/session-state.ts';
import type { Tree } from '../../src/zookeeper/tree.ts';

const FOLDER = '/services/orders';

/** A folder in memory, and a session that answers from it. */
function aFolder({ oneShot = false } = {}) {
  const nodes = new Map<string, number>(); // the ports, by the names
  let zxid = 1n;
  const stat = (): Stat => ({
    ...{
      czxid: zxid,
      mzxid: zxid,
      pzxid: zxid,
      ephemeralOwner: 0n,
      version: 0,
      dataLength: 0,
      numChildren: nodes.size,
    },
  });
  const answer = (command: { is: string; path?: string }): Answer => {
    const name = command.path?.slice(FOLDER.length + 1) ?? '';
    if (name !== '' && !nodes.has(name)) throw new ZookeeperError('NO_NODE', name);
    const record = { name: 'orders', id: name, address: '10.0.0.1', port: nodes.get(name) ?? 1 };
    const data = Buffer.from(encodeRecord({ ...record, sslPort: null, metadata: {}, registeredAt: 0 }));
    return { stat: stat(), data, children: [...nodes.keys()], zxid };
  };
  const listeners = new Listeners();
  const session = {
    listeners,
    lacks: new Set(oneShot ? ['addWatch'] : []),
    state: new LiveValue<SessionState>({ is: 'connected', server: 'x' }),
    onUp: () => () => {},
    get zxid() {
      return zxid;
    },
    ask: async <T>(operation: Operation<T>): Promise<T> => operation.read(answer(operation.command)),
  };
  const tree = { session, env: testEnv() } as unknown as Tree;
  let found = '';
  const open = () =>
    new ServiceNodes(tree, FOLDER, {
      found: ({ endpoints }) => {
        found = [...endpoints.values()]
          .map(({ address }) => address.split(':')[1])
          .sort()
          .join();
      },
      record: (_, problem) => assert.fail(problem),
      trouble: (error) => assert.fail(String(error)),
    });
  return {
    open,
    found: () => found,
    /** Makes or changes a node, and tells of it as the server would. */
    put: (name: string, port: number) => {
      const is = nodes.has(name) ? 'changed' : 'created';
      nodes.set(name, port);
      zxid++;
      if (!oneShot || is === 'changed') listeners.tell({ is, path: `${FOLDER}/${name}` });
      else listeners.tell({ is: 'children', path: FOLDER });
    },
    remove: (name: string) => {
      nodes.delete(name);
      zxid++;
      listeners.tell({ is: 'deleted', path: `${FOLDER}/${name}` });
    },
  };
}

for (const oneShot of [false, true]) {
  test(`what is told at any moment of the work is not lost${oneShot ? ', on servers whose watches tell once' : ''}`, async () => {
    for (let moment = 0; moment < 60; moment++) {
      const { open, found, put, remove } = aFolder({ oneShot });
      put('a', 1_000);
      const nodes = open();
      await settled();
      put('b', 2_000);
      for (let step = 0; step < moment; step++) await Promise.resolve();
      put('c', 3_000); // in the midst of reading b, or just as that ends
      put('a', 1_001);
      await settled();
      assert.equal(found(), '1001,2000,3000', `at moment ${moment}`);
      put('d', 4_000);
      for (let step = 0; step < moment; step++) await Promise.resolve();
      remove('d');
      await settled();
      assert.equal(found(), '1001,2000,3000', `at moment ${moment}`);
      nodes.close();
    }
  });
}
