import assert from 'node:assert/strict';
import { LiveValue } from '../../src/core/live.ts';
import { testEnv } from '../../src/testing/env.ts';
import { encodeRecord } from '../../src/wire/record.ts';
import { connectionLoss, ZookeeperError } from '../../src/zookeeper/errors.ts';
import { Listeners } from '../../src/zookeeper/listeners.ts';
import type { Answer, Operation, Stat } from '../../src/zookeeper/operations.ts';
import { ServiceNodes } from '../../src/zookeeper/service-nodes.ts';
import type { SessionState, Up } from '../../src/zookeeper/session-state.ts';
import type { Tree } from '../../src/zookeeper/tree.ts';

const FOLDER = '/services/orders';

/** A folder in memory, which comes with its first node unless it is there, and a session that answers from it. */
export function aFolder({ oneShot = false, there = true } = {}) {
  const nodes = new Map<string, { port: number; czxid: bigint; mzxid: bigint }>();
  const forbidden = new Set<string>();
  const ups = new Set<(up: Up) => void>();
  const env = testEnv();
  let [zxid, pzxid, made] = [1n, 1n, 1_000n];
  let [found, told] = ['', 0];
  const asked: string[] = [];
  let [connection, heard, watching, listing] = [0, 0n, false, false]; // of this connection: its number, and what it watches
  const reading = new Set<string>();
  const stat = ({ czxid, mzxid } = { czxid: 1n, mzxid: 1n }): Stat => ({
    ...{ czxid, ctime: made, mzxid, pzxid, ephemeralOwner: 0n, version: 0, dataLength: 0, numChildren: nodes.size },
  });
  const answer = (command: { is: string; path?: string; watch?: boolean }): Answer => {
    const name = command.path?.slice(FOLDER.length + 1) ?? '';
    asked.push(`${command.is} ${name}`.trim());
    if (command.is === 'addWatch') watching = true;
    if (command.watch && command.is === 'getChildren') listing = there;
    else if (command.watch) reading.add(name);
    const node = nodes.get(name);
    if (name === '' && (there || command.is === 'addWatch')) return { stat: stat(), children: [...nodes.keys()], zxid };
    if (node === undefined) throw new ZookeeperError('NO_NODE', name);
    if (command.is === 'getData' && forbidden.has(name)) throw new ZookeeperError('NO_AUTH', name);
    const record = { name: 'orders', id: name, address: '10.0.0.1', port: node.port };
    const data = Buffer.from(encodeRecord({ ...record, sslPort: null, metadata: {}, registeredAt: 0 }));
    return { stat: stat(node), data, zxid };
  };
  const listeners = new Listeners();
  const state = new LiveValue<SessionState>({ is: 'connected', server: 'x' });
  const session = {
    listeners,
    lacks: new Set(oneShot ? ['addWatch'] : []),
    state,
    problem: 'it is away',
    onUp: (listener: (up: Up) => void) => {
      ups.add(listener);
      return () => ups.delete(listener);
    },
    get zxid() {
      return zxid;
    },
    ask: async <T>(operation: Operation<T>): Promise<T> => {
      if (state.value.is !== 'connected') throw connectionLoss('cut');
      const asking = connection;
      const answered = answer(operation.command);
      await Promise.resolve(); // on its way
      if (asking !== connection) throw connectionLoss('cut');
      heard = zxid;
      return operation.read(answered);
    },
  };
  const tree = { session, env, root: '/services', holdMs: 2_000 } as unknown as Tree;
  const doubts: number[] = [];
  const open = () =>
    new ServiceNodes(tree, FOLDER, {
      found: ({ endpoints }) => {
        told++;
        found = [...endpoints.values()]
          .map(({ address }) => address.split(':')[1])
          .sort()
          .join();
      },
      wiped: () => doubts.push(told),
      record: (_, problem) => assert.equal(problem, 'no permission'),
      trouble: (error) => assert.fail(String(error)),
    });
  const tell = (is: 'created' | 'changed' | 'deleted', name: string) => {
    const isTold = oneShot ? reading.delete(name) : watching;
    if (isTold) listeners.tell({ is, path: name === '' ? FOLDER : `${FOLDER}/${name}` });
    if (is === 'changed' || !listing) return;
    listing = false;
    listeners.tell({ is: 'children', path: FOLDER });
  };
  /** A connection comes up, which watches nothing yet. */
  const connect = ({ resumed = false, knownTo = -1n }: Partial<Up> = {}) => {
    connection++;
    watching = listing = false;
    reading.clear();
    state.set({ is: 'connected', server: 'x' });
    for (const up of ups) up({ resumed, knownTo });
  };
  return {
    ...{ open, env, forbidden, doubts, tree, state },
    found: () => found,
    zxid: () => zxid,
    told: () => told,
    /** What was asked since this was last called. */
    asked: () => asked.splice(0),
    /** Makes or changes a node, and tells of it as the server would. */
    put: (name: string, port: number) => {
      const before = nodes.get(name);
      zxid++;
      if (!there) {
        [there, made] = [true, made + 5_000n];
        tell('created', '');
      }
      if (before === undefined) pzxid = zxid;
      nodes.set(name, { port, czxid: before?.czxid ?? zxid, mzxid: zxid });
      tell(before === undefined ? 'created' : 'changed', name);
    },
    remove: (name: string) => {
      nodes.delete(name);
      zxid++;
      pzxid = zxid;
      tell('deleted', name);
    },
    /** Removes the folder, which must be empty. */
    close: () => {
      there = false;
      zxid++;
      tell('deleted', '');
    },
    /** A tree that begins anew, with these nodes; whose numbers happen to be those of the old one. */
    wipe: (anew: Readonly<Record<string, number>>, knownTo = -1n) => {
      made += 5_000n;
      const old = [...nodes.values()];
      nodes.clear();
      for (const [at, [name, port]] of Object.entries(anew).entries()) {
        nodes.set(name, { ...(old[at] ?? { czxid: zxid, mzxid: zxid }), port });
      }
      if (state.value.is === 'connected') connect({ knownTo });
    },
    /** A connection comes up: the first, or one that goes on with what was heard of over those before. */
    connect: (resumed = false) => connect(resumed ? { resumed, knownTo: heard } : {}),
    /** The connection goes. What is asked by now is not answered, what happens now is not told. */
    cut: () => {
      connection++;
      watching = listing = false;
      reading.clear();
      state.set({ is: 'suspended', problem: 'cut' });
    },
    /** The ports that there are. */
    truth: () =>
      [...nodes.values()]
        .map(({ port }) => port)
        .sort()
        .join(),
    /** It was away for so long that we can not say what is still as it was. */
    longAway: () => {
      zxid++;
      connect();
    },
  };
}
