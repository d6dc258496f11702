import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import axios from 'axios';
import { meshAxios } from '../../../src/axios.ts';
import { createMesh, type Mesh, MeshError, type PolicyDocument } from '../../../src/index.ts';
import { type TestEnv, testEnv } from '../../../src/testing/env.ts';
import { echo, nobody, type Seen, see, serve } from '../../support/http.ts';
import { timePasses } from '../../support/time-passes.ts';

/** A whole mesh whose service lives at these URLs, for as long as the test runs. */
async function meshOf(t: TestContext, orders: string[], policy: PolicyDocument = {}, env?: TestEnv): Promise<Mesh> {
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders } }, policy, ...(env && { env }) });
  t.after(() => {
    const closing = mesh.close({ timeoutMs: 0 });
    return env ? timePasses(env.clock, closing) : closing;
  });
  return mesh;
}

/** The three doors, each giving status and what the server saw. */
const DOORS: [string, (mesh: Mesh, method: string, body?: string, signal?: AbortSignal) => Promise<Seen>][] = [
  [
    'mesh.request',
    async (mesh, method, body, signal) =>
      (await mesh.request('http://orders/a', { method, body, signal })).body.json<Seen>(),
  ],
  [
    'mesh.fetch',
    async (mesh, method, body, signal) =>
      (await (
        await mesh.fetch('http://orders/a', { method, body: body ?? null, signal: signal ?? null })
      ).json()) as Seen,
  ],
  [
    'meshAxios',
    async (mesh, method, body, signal) => {
      const http = meshAxios(mesh, axios.create({ baseURL: 'http://orders' }));
      return (await http.request<Seen>({ url: '/a', method, data: body, ...(signal && { signal }) })).data;
    },
  ],
];

/** What really happened, whatever the door made of it. */
function meshErrorOf(error: unknown): MeshError {
  const found = MeshError.is(error) ? error : (error as Error).cause;
  assert.ok(MeshError.is(found), String(error));
  return found;
}

for (const [door, call] of DOORS) {
  test(`${door} carries the trace and the time that is left`, async (t) => {
    const server = await serve(t, echo);
    const { method, url, headers } = await call(await meshOf(t, [server.url]), 'GET');
    assert.deepEqual([method, url], ['GET', '/a']);
    assert.match(headers.traceparent!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
    assert.match(headers['x-envoy-expected-rq-timeout-ms']!, /^\d+$/);
  });

  test(`${door} goes to another endpoint when one is not there, also with a body`, async (t) => {
    const server = await serve(t, echo);
    const mesh = await meshOf(t, [await nobody(), server.url]);
    for (let turn = 0; turn < 4; turn++) assert.equal((await call(mesh, 'POST', 'hello')).body, 'hello');
  });

  test(`${door} sends again what is idempotent, with its body, and nothing else`, async (t) => {
    let requests = 0;
    const server = await serve(t, (request, response) => {
      requests++;
      if (requests % 2 === 0) echo(request, response);
      else see(request).then(() => request.socket.destroy());
    });
    const mesh = await meshOf(t, [server.url], { defaults: { outlier: { failures: 0 } } });
    assert.equal((await call(mesh, 'PUT', 'hello')).body, 'hello');
    assert.equal(requests, 2);
    const error = await call(mesh, 'POST', 'hello').then(assert.fail.bind(null, 'it was answered'), meshErrorOf);
    assert.deepEqual([error.reason, error.sent, requests], ['reset', 'maybe', 3]);
  });

  test(`${door} ends at the deadline, and closes its socket`, async (t) => {
    const env = testEnv();
    const server = await serve(t, () => env.clock.advance(50)); // it has come, and nobody answers
    const mesh = await meshOf(t, [server.url], { defaults: { deadline: { timeout: '50ms' } } }, env);
    const error = await call(mesh, 'GET').then(assert.fail.bind(null, 'it was answered'), meshErrorOf);
    assert.deepEqual([error.code, error.reason, error.sent], ['DEADLINE_EXCEEDED', 'deadline', 'maybe']);
    await server.disconnected;
  });

  test(`${door} ends an attempt that takes too long, and closes its socket`, async (t) => {
    const env = testEnv();
    const server = await serve(t, () => env.clock.advance(50)); // it has come, and nobody answers
    const policy = { defaults: { attempt: { timeout: '50ms' }, retry: { attempts: 1 } } };
    const error = await call(await meshOf(t, [server.url], policy, env), 'GET').then(
      assert.fail.bind(null, 'it was answered'),
      meshErrorOf,
    );
    assert.deepEqual([error.code, error.reason, error.sent], ['DEADLINE_EXCEEDED', 'attempt', 'maybe']);
    await server.disconnected;
  });

  test(`${door} ends when its caller calls it off, and closes its socket`, async (t) => {
    const controller = new AbortController();
    const server = await serve(t, () => controller.abort(new Error('gone home')));
    const mesh = await meshOf(t, [server.url]);
    await assert.rejects(call(mesh, 'GET', undefined, controller.signal), (error: Error) => {
      if (door === 'mesh.request')
        assert.deepEqual([meshErrorOf(error).reason, String(error.cause)], ['caller', 'Error: gone home']);
      if (door === 'mesh.fetch') assert.equal(error.message, 'gone home');
      if (door === 'meshAxios') assert.ok(axios.isCancel(error));
      return true;
    });
    await server.disconnected;
  });
}

test('the first calls may be made at once, and all go through', async (t) => {
  const server = await serve(t, echo);
  const mesh = await meshOf(t, [server.url]);
  const seen = await Promise.all(DOORS.flatMap(([, call]) => [call(mesh, 'GET'), call(mesh, 'PUT', 'x')]));
  assert.deepEqual(
    seen.map(({ body }) => body),
    ['', 'x', '', 'x', '', 'x'],
  );
});

test('a mesh that is closed has no connections left', async (t) => {
  const server = await serve(t, echo);
  const mesh = await meshOf(t, [server.url]);
  await (await mesh.request('http://orders/')).body.dump();
  await mesh.close();
  await server.disconnected;
  await assert.rejects(mesh.request('http://orders/'), { reason: 'closed' });
});

test('settings of a route hold for requests of that route', async (t) => {
  const server = await serve(t, echo);
  const routes = { 'GET /a/{id}': { transport: { host: 'service' as const } } };
  const mesh = await meshOf(t, [server.url], { services: { orders: { routes } } });
  const hostOf = async (path: string) =>
    (await (await mesh.request(`http://orders${path}`)).body.json<Seen>()).headers.host;
  assert.equal(await hostOf('/a/1'), 'orders');
  assert.notEqual(await hostOf('/b'), 'orders');
});
