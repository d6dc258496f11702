import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveValue } from '../../src/core/live.ts';
import { testEnv } from '../../src/testing/env.ts';
import { settled } from '../../src/testing/virtual-clock.ts';
import { ZookeeperError } from '../../src/zookeeper/errors.ts';
import { Listeners } from '../../src/zookeeper/listeners.ts';
import type { Answer, Command, Operation, Stat } from '../../src/zookeeper/operations.ts';
import { Registration } from '../../src/zookeeper/registration.ts';
import type { SessionState, Up } from '../../src/zookeeper/session-state.ts';
import type { Tree } from '../../src/zookeeper/tree.ts';
import { anInstance } from '../support/resolutions.ts';

const PATH = '/services/orders/a';
const LEFTOVER = 8n;
const CONNECTED: SessionState = { is: 'connected', server: 'x' };

/** One place in a tree, a session that answers from it, and a server that may say no. */
function aPlace({ timeoutMs = 6_000 } = {}) {
  const env = testEnv();
  const listeners = new Listeners();
  const state = new LiveValue<SessionState>(CONNECTED);
  const ups = new Set<(up: Up) => void>();
  const asked: string[] = [];
  const watched = new Set<string>();
  let [owner, mine, version] = [0n, 100n, 0];
  let steps: readonly number[] = [0, 0];
  let silent = false;
  let refusal: { of: Command['is']; code: string } | undefined;
  const stat = (): Stat => ({
    ...{ czxid: 1n, ctime: 0n, mzxid: 1n, pzxid: 1n, ephemeralOwner: owner, version, dataLength: 0, numChildren: 0 },
  });
  const answer = (command: Command): Answer => {
    asked.push(command.is);
    if (command.is === refusal?.of) throw new ZookeeperError(refusal.code, `${command.is}: ${refusal.code}`);
    if (command.is === 'multi') {
      if (steps.every((error) => error === 0)) owner = mine;
      return { errors: steps, zxid: 1n };
    }
    if (command.is === 'addWatch') watched.add(command.path);
    else if (command.is === 'removeWatches') watched.delete(command.path);
    else if (command.is === 'create') owner = mine;
    else if (owner === 0n) throw new ZookeeperError('NO_NODE', PATH);
    else if (command.is === 'setData') version++;
    else if (command.is === 'delete') owner = 0n;
    return { stat: stat(), zxid: 1n };
  };
  const session = {
    ...{ listeners, state, lacks: new Set(), timeoutMs, problem: 'it is away' },
    wasOurs: (id: bigint) => id === LEFTOVER,
    get id() {
      return mine;
    },
    ready: async () => {},
    onUp: (listener: (up: Up) => void) => {
      ups.add(listener);
      return () => ups.delete(listener);
    },
    ask: async <T>(operation: Operation<T>): Promise<T> => {
      if (silent) return new Promise(() => {});
      return operation.read(answer(operation.command));
    },
  };
  const tree = { session, env, acl: [], joinMs: 10_000, spreadMs: 0, form: 'plain' } as unknown as Tree;
  return {
    ...{ env, asked, watched, state },
    registration: () => new Registration(anInstance('a'), PATH, tree, () => {}),
    owner: () => owner,
    /** What the server says to commands of that kind from now on. */
    refuse: (of?: Command['is'], code = '') => {
      refusal = of && { of, code };
    },
    /** The server answers nothing any more. */
    fallSilent: () => {
      silent = true;
    },
    /** What an earlier session of ours left stands there; and what the server says to its being replaced. */
    leave: (errors: readonly number[]) => {
      owner = LEFTOVER;
      steps = errors;
    },
    /** Somebody else takes the place, by whatever right. */
    taken: () => {
      owner = 7n;
      listeners.tell({ is: 'deleted', path: PATH });
      listeners.tell({ is: 'created', path: PATH });
    },
    /** The session ends, and another begins. */
    anew: () => {
      state.set({ is: 'lost', problem: 'the session has expired' });
      mine++;
      owner = 0n;
      state.set(CONNECTED);
      for (const up of ups) up({ resumed: false, knownTo: 1n });
    },
  };
}

for (const code of ['SESSION_EXPIRED', 'SESSION_MOVED', 'OPERATION_TIMEOUT', 'REQUEST_TIMEOUT', 'THROTTLED_OP']) {
  for (const asked of ['addWatch', 'exists', 'create'] as const) {
    test(`${code} to ${asked} is not for good: who joins is listed as soon as that is over`, async () => {
      const place = aPlace();
      place.refuse(asked, code);
      const registration = place.registration();
      const joined = registration.join();
      await settled();
      assert.equal(registration.state.value, 'joining');
      place.refuse();
      if (code.startsWith('SESSION')) place.anew();
      else await place.env.clock.advance(2_000); // nothing else happens, so it has to ask again
      await joined;
      assert.equal(registration.state.value, 'listed');
      const closed = registration.close();
      await place.env.clock.advance(1_000);
      await closed;
      assert.equal(place.env.clock.pending, 0);
    });
  }
}

test('who can not join since the server has no time is told so when the time is up', async () => {
  const place = aPlace();
  place.refuse('create', 'THROTTLED_OP');
  const joined = assert.rejects(place.registration().join(), {
    message: /^orders: 'a' can not be listed: not within 10000 ms: create: THROTTLED_OP/,
  });
  await place.env.clock.advance(20_000);
  await joined;
});

test('a server that says no for good is believed at once', async () => {
  const place = aPlace();
  place.refuse('create', 'NO_AUTH');
  await assert.rejects(place.registration().join(), { message: /can not be listed: create: NO_AUTH/ });
});

test('a change of an instance whose place was taken is refused with the reason', async () => {
  const place = aPlace({ timeoutMs: 30_000 }); // longer than a change waits
  const registration = await place.registration().join();
  place.taken();
  await place.env.clock.advance(1_000);
  assert.equal(registration.state.value, 'conflict');
  const changed = assert.rejects(registration.update({ weight: 2 }), {
    message: /the change of 'a' is not told yet: .*another live process is listed under that name/,
  });
  await place.env.clock.advance(20_000);
  await changed;
  assert.equal(place.owner(), 7n);
});

test('who marks itself and leaves at once is marked before it goes, and keeps nobody waiting for it', async () => {
  const place = aPlace();
  const registration = await place.registration().join();
  place.asked.length = 0;
  void registration.update({ weight: 0 });
  await registration.close();
  assert.deepEqual(
    place.asked.filter((is) => is === 'setData' || is === 'delete'),
    ['setData', 'delete'],
  );
  assert.equal(place.env.clock.pending, 0);
});

test('leaving takes a second where nothing is answered, whatever was still to be told', async () => {
  for (const said of [true, false]) {
    const place = aPlace();
    const registration = await place.registration().join();
    if (said) {
      const marked = registration.update({ weight: 0 });
      await settled();
      await marked;
    }
    place.fallSilent();
    if (!said) registration.update({ weight: 0 }).catch(() => {});
    let left = false;
    const closed = registration.close().then(() => {
      left = true;
    });
    await place.env.clock.advance(999);
    assert.equal(left, false);
    await place.env.clock.advance(1);
    await closed;
  }
});

test('a mark that can not be told keeps nobody from leaving', async () => {
  const place = aPlace();
  const registration = await place.registration().join();
  place.refuse('setData', 'THROTTLED_OP');
  const told = registration.update({ weight: 0 }).catch(() => {});
  const closed = registration.close();
  await place.env.clock.advance(1_000);
  await closed;
  assert.equal(place.owner(), 0n);
  await place.env.clock.advance(20_000);
  await told;
  assert.equal(place.env.clock.pending, 0);
});

test('what an earlier session left is replaced, looked at anew where somebody was faster, and not asked for without end', async () => {
  const place = aPlace();
  place.leave([0, 0]);
  assert.equal((await place.registration().join()).state.value, 'listed');

  for (const errors of [
    [-101, -2], // it has gone meanwhile
    [-103, -2], // somebody changed it
    [0, -110], // somebody else came
  ]) {
    const faster = aPlace();
    faster.leave(errors);
    const joined = faster.registration().join();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    assert.equal(faster.asked.includes('multi'), true);
    faster.leave([0, 0]);
    assert.equal((await joined).state.value, 'listed');
  }

  const forbidden = aPlace();
  forbidden.leave([-102, -2]);
  const refused = assert.rejects(forbidden.registration().join(), { message: /can not be listed: .*NO_AUTH/ });
  await forbidden.env.clock.advance(10_000);
  await refused;
  const tries = forbidden.asked.filter((is) => is === 'multi').length;
  assert.ok(tries < 10, `${tries} tries in ten seconds`);
});

test('who has left is watched over no more: a process may come and go under many names', async () => {
  const place = aPlace();
  const registration = await place.registration().join();
  assert.deepEqual([...place.watched], [PATH]);
  const closed = registration.close();
  await place.env.clock.advance(1_000);
  await closed;
  assert.equal(place.owner(), 0n);
  assert.deepEqual([...place.watched], []);
});
