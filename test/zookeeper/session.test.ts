import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestEnv, testEnv } from '../../src/testing/env.ts';
import { settled } from '../../src/testing/virtual-clock.ts';
import { connectionLoss, ZookeeperError } from '../../src/zookeeper/errors.ts';
import type { Link, LinkOptions, SessionKey } from '../../src/zookeeper/link.ts';
import { exists, type Operation } from '../../src/zookeeper/operations.ts';
import { Session } from '../../src/zookeeper/session.ts';
import type { Up } from '../../src/zookeeper/session-state.ts';

const T = 6_000;

/** A link whose server does what the test says. */
class FakeLink implements Link {
  readonly key: SessionKey;
  readonly timeoutMs = T;
  zxid = 1n;
  heardAt: number;
  closed = false;
  readonly #options: LinkOptions;

  constructor(options: LinkOptions, id: bigint) {
    this.#options = options;
    this.key = options.key ?? { id, password: Buffer.alloc(16) };
    this.heardAt = options.clock.now();
  }

  ask<T>(_: Operation<T>): Promise<T> {
    return new Promise(() => {});
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  destroy(why: string): void {
    this.#options.onEnd(connectionLoss(why));
  }
}

/** An ensemble of two servers that answers as the test says, and a session with it. */
function anEnsemble(env: TestEnv = testEnv()) {
  const tried: { at: number; port: number; id: bigint; zxid: bigint }[] = [];
  const lookups = new Set<unknown>();
  let answer: string | undefined = 'CONNECTION_LOSS';
  let ids = 100n;
  let link: FakeLink | undefined;
  const servers = [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
  ];
  const session = new Session(
    { servers, chroot: '', digest: undefined, tls: undefined, timeoutMs: T, name: 'zookeeper://a:1,b:2' },
    env,
    async (options) => {
      tried.push({ at: env.clock.now(), port: options.server.port, id: options.key?.id ?? 0n, zxid: options.zxid });
      lookups.add(options.lookup);
      if (answer !== undefined) throw new ZookeeperError(answer, `said ${answer}`);
      link = new FakeLink(options, ids++);
      return link;
    },
  );
  const states: string[] = [];
  session.state.watch(({ is }) => states.push(is));
  const ups: Up[] = [];
  session.onUp((up) => ups.push(up));
  return {
    ...{ env, clock: env.clock, session, states, ups, tried, lookups },
    /** What servers say from now on: an error, or nothing, which is yes. */
    says: (error?: string) => {
      answer = error;
    },
    link: () => link!,
    /** Goes on until a connection is up. */
    up: async () => {
      answer = undefined;
      await env.clock.advance(T);
      return link!;
    },
  };
}

test('servers are tried in turn, at growing distances, and what each said last is told', async () => {
  const { clock, session, tried, lookups } = anEnsemble();
  await clock.advance(60_000);
  assert.equal(lookups.size, 1, 'one look-up may serve several tries');
  assert.ok(!lookups.has(undefined));
  assert.equal(new Set(tried.slice(0, 2).map(({ port }) => port)).size, 2);
  for (const [at, { port }] of tried.entries()) assert.equal(port, tried[at % 2]!.port);
  const waits = tried.slice(1).map(({ at }, n) => at - tried[n]!.at);
  assert.ok(Math.max(...waits) < T / 3 + 1e-6 && Math.max(...waits.slice(0, 2)) < T / 20, waits.join());
  assert.ok(tried.length / 60 < 2, `${tried.length} connections in a minute`);
  const problem = session.ready(10).catch((error: Error) => error.message);
  await clock.advance(10);
  assert.match(
    String(await problem),
    /^zookeeper:\/\/a:1,b:2 could not be reached within 10 ms: ([ab]:[12]: said CONNECTION_LOSS(; )?){2}$/,
  );
  await session.close();
  assert.equal(clock.pending, 0);
});

test('suspended at once, lost one session timeout after the last byte, and the old session is still offered', async () => {
  const { clock, session, states, tried, ups, up, says } = anEnsemble();
  const link = await up();
  assert.deepEqual([...new Set(states)], ['connecting', 'connected']);
  await clock.advance(10_000);
  link.heardAt = clock.now() - 4_000; // it has been silent for two thirds
  link.zxid = 77n;
  says('CONNECTION_LOSS');
  link.destroy('the server has gone silent');
  await settled();
  assert.equal(states.at(-1), 'suspended');
  await assert.rejects(session.ask(exists('/')), { code: 'CONNECTION_LOSS' });
  await clock.advance(1_999);
  assert.equal(states.at(-1), 'suspended');
  await clock.advance(1);
  assert.equal(states.at(-1), 'lost');
  await up();
  assert.equal(states.at(-1), 'connected');
  assert.deepEqual([tried.at(-1)?.id, tried.at(-1)?.zxid], [100n, 77n]);
  assert.deepEqual(ups.at(-1), { resumed: true, knownTo: 77n });
  await session.close();
  assert.equal(clock.pending, 0);
});

test('a session that the server says is gone is not offered again, and is known as having been ours', async () => {
  const { clock, session, states, tried, ups, up, says, link } = anEnsemble();
  await up();
  says('EXPIRED');
  link().destroy('cut');
  await settled();
  await clock.advance(T / 20);
  assert.equal(states.at(-1), 'lost');
  await up();
  assert.deepEqual(
    [session.id, tried.at(-1)?.id, session.wasOurs(100n), session.wasOurs(101n)],
    [101n, 0n, true, false],
  );
  assert.equal(ups.at(-1)?.resumed, false);
  await session.close();
});

test('a server that says that a session is gone is asked for another at once, however many tries there were', async () => {
  const { clock, session, tried, up, says, link } = anEnsemble();
  await up();
  link().heardAt = clock.now();
  says('CONNECTION_LOSS');
  link().destroy('cut');
  await clock.advance(2 * T);
  says('EXPIRED');
  const before = tried.length;
  while (tried.length === before) await clock.advance(50); // the waits have grown
  says('CONNECTION_LOSS');
  await clock.advance(T / 20);
  const [told, ...next] = tried.slice(before);
  assert.deepEqual([told?.id, next[0]?.id, next[0]?.port], [100n, 0n, told?.port]);
  await session.close();
});

test('but a server that says so of one that it was never asked for waits its turn', async () => {
  const { clock, session, tried, says } = anEnsemble();
  says('EXPIRED');
  await clock.advance(60_000);
  assert.ok(tried.length / 60 < 2, `${tried.length} connections in a minute`);
  for (const [at, { port }] of tried.entries()) assert.equal(port, tried[at % 2]!.port);
  await session.close();
});

test('who is hung up on for two session timeouts begins anew: the data was wiped', async () => {
  const { clock, session, tried, ups, up, says, link } = anEnsemble();
  await up();
  link().zxid = 77n;
  link().heardAt = clock.now();
  says('REFUSED');
  link().destroy('cut');
  await clock.advance(2 * T);
  assert.deepEqual([tried.at(-1)?.id, tried.at(-1)?.zxid], [100n, 77n]); // it may be a server that starts
  await clock.advance(T / 2);
  assert.deepEqual([tried.at(-1)?.id, tried.at(-1)?.zxid], [0n, 0n]);
  await up();
  assert.deepEqual([session.id, ups.at(-1)], [101n, { resumed: false, knownTo: -1n }]);
  await session.close();
});

test('who cannot connect at all for long begins anew, too', async () => {
  const { clock, session, tried, up, says, link } = anEnsemble();
  await up();
  says('CONNECTION_LOSS');
  link().heardAt = clock.now();
  link().destroy('cut');
  await clock.advance(3 * T);
  assert.equal(tried.at(-1)?.id, 100n);
  await clock.advance(T);
  assert.equal(tried.at(-1)?.id, 0n);
  await session.close();
});

test('closing ends the link, the waiting and every timer, also when a connection is just being made', async () => {
  const { clock, session, states, up, link } = anEnsemble();
  await up();
  const waiting = session.ready(1);
  await session.close();
  await session.close();
  await waiting;
  assert.ok(link().closed);
  assert.equal(states.at(-1), 'closed');
  await clock.advance(60_000);
  assert.equal(clock.pending, 0);
  await assert.rejects(session.ready(1), { code: 'UNREACHABLE' });

  const late = anEnsemble();
  late.says(undefined);
  const closing = late.session.close();
  await late.up();
  await closing;
  assert.ok(late.link() === undefined || late.link().closed);
});
