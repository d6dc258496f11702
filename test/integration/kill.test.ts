import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createMesh, type Mesh, MeshError } from '../../src/index.ts';
import { aFolder, type Program, pace, type Settled, start } from '../support/processes.ts';

const PER_SECOND = 200;
const CALLS = 600;
const KILL_FROM = 200; // by then every server has had its share

interface World {
  readonly mesh: Mesh;
  readonly servers: Map<string, Program>;
  serve(port?: number): Promise<string>;
}

/** Three servers, each a process of its own, and a mesh that knows all of them. */
async function world(t: TestContext): Promise<World> {
  const registry = `local://${await aFolder(t)}`;
  const servers = new Map<string, Program>();
  const serve = async (port = 0): Promise<string> => {
    const program = start(t, 'orders', { registry, answerMs: 40, port });
    const { address } = await program.said<{ address: string }>('address');
    servers.set(address, program);
    return address;
  };
  await Promise.all([serve(), serve(), serve()]);
  const mesh = await createMesh({ service: 'checkout', registry });
  t.after(() => mesh.close({ timeoutMs: 0 }));
  await mesh.dependsOn('orders', { minEndpoints: 3 });
  return { mesh, servers, serve };
}

interface Killed {
  readonly address: string;
  readonly pid: number;
  readonly settled: readonly Settled<string>[];
}

/** Calls steadily, and kills a server meanwhile. */
async function killUnderCalls({ mesh, servers }: World, method: string): Promise<Killed> {
  let killed: ReturnType<typeof killOne> | undefined;
  const settled = await pace(PER_SECOND, CALLS, async (n) => {
    if (n === KILL_FROM) killed = killOne(servers);
    const answer = await mesh.request('http://orders/orders/42', { method, headers: { 'x-call': String(n) } });
    return answer.body.text();
  });
  const [address, { pid }] = await killed!;
  return { address, pid, settled };
}

/**
 * Kills the first server at which some calls are under way. All hold what comes until then: of other calls nobody could
 * say whether they were answered a moment before. Which it is, is the balancer's to say: who stood still gets none for a while.
 */
async function killOne(servers: World['servers']): Promise<[address: string, victim: Program]> {
  const all = [...servers];
  for (const [, server] of all) server.tell({ hold: true });
  const one = await Promise.any(all.map((server) => server[1].said('held').then(() => server)));
  one[1].kill();
  for (const server of all) if (server !== one) server[1].tell({ hold: false });
  return one;
}

const errorsOf = (settled: readonly Settled<string>[]): unknown[] =>
  settled.flatMap((one) => ('error' in one ? [one.error] : []));

const pidsOf = (settled: readonly Settled<string>[]): Set<number> =>
  new Set(settled.flatMap((one) => ('value' in one ? [Number(one.value)] : [])));

test('no idempotent call fails when one of three servers is killed, and it is called again once it is back', async (t) => {
  const stage = await world(t);
  let retries = 0;
  stage.mesh.on((event) => {
    if (event.type === 'retry') retries++;
  });

  const { address, pid, settled } = await killUnderCalls(stage, 'GET');

  assert.deepEqual(errorsOf(settled), []);
  assert.equal(settled.length, CALLS);
  assert.ok(pidsOf(settled.slice(0, KILL_FROM)).has(pid), 'the server that was killed had never been called');
  assert.ok(retries >= 2, `calls that were under way were to be tried again, ${retries} were`);

  assert.equal(await stage.serve(Number(address.split(':')[1])), address);
  const again = stage.servers.get(address)!.pid;
  for (let answered = 0; answered !== again; ) {
    const { body } = await stage.mesh.request('http://orders/orders/42');
    answered = Number(await body.text());
  }
});

test('of calls that must not be sent twice only those under way at the killed server fail, and none is sent twice', async (t) => {
  const stage = await world(t);

  const { address, settled } = await killUnderCalls(stage, 'POST');

  const errors = errorsOf(settled);
  assert.ok(errors.length >= 2, 'calls that were under way must have failed');
  for (const error of errors) {
    assert.ok(MeshError.is(error), String(error));
    assert.deepEqual([error.code, error.reason, error.sent], ['UNAVAILABLE', 'reset', 'maybe']);
    assert.equal(error.endpoint, address);
  }
  const seen: string[] = [];
  for (const [at, server] of stage.servers) {
    if (at === address) continue;
    server.tell({});
    seen.push(...(await server.said<{ seen: string[] }>('seen')).seen);
  }
  const failed = settled.filter((one) => 'error' in one).map(({ n }) => String(n));
  assert.equal(new Set(seen).size, seen.length, 'a call was sent twice');
  assert.deepEqual(
    failed.filter((n) => seen.includes(n)),
    [],
    'a call that failed was sent elsewhere too',
  );
});
