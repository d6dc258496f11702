import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions } from '../../src/core/call.ts';
import { MeshError } from '../../src/core/errors.ts';
import { createMesh } from '../../src/mesh/create.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { aMesh } from '../support/mesh.ts';

const refusal = (message: RegExp) => ({
  name: 'MeshError',
  code: 'INVALID_ARGUMENT',
  sent: 'no',
  status: 400,
  message,
});
const fixed = { orders: ['http://127.0.0.1:1'] };

test('createMesh says what is wrong with its options, and what there is', async () => {
  const good = { service: 'checkout', registry: { fixed } };
  for (const [options, message] of [
    [undefined, /^createMesh needs an object with service and registry, got undefined/],
    [null, /^createMesh needs an object/],
    ['local:', /^createMesh needs an object/],
    [() => 'the source', /^createMesh needs an object with service and registry, got a function \(/],
    [{ ...good, policy: [1n] }, /^the policy must be an object, got a list \(/],
    [
      { ...good, servce: 'x' },
      /^createMesh: no such option 'servce'; there are service, registry, zone, policy, stacks, signals, identity, redis, circuits, compare, telemetry, env/,
    ],
    [{ registry: { fixed } }, /^a service name must be .* got undefined/],
    [{ service: 'checkout' }, /^createMesh: registry must be a URL such as 'local:', \{ fixed \} or a Registry/],
    [{ ...good, registry: 7 }, /^createMesh: registry must be/],
    [{ ...good, registry: null }, /^createMesh: registry must be/],
    [{ ...good, registry: {} }, /^registry: an object must be \{ fixed \} or have resolve and announce/],
    [{ ...good, registry: { resolve: () => {} } }, /^registry: an object must be/],
    [{ ...good, policy: null }, /^the policy must be an object, got null/],
    [{ ...good, policy: [] }, /^the policy must be an object, got \[\]/],
    [{ ...good, policy: { retry: {} } }, /^retry: no such field; there are defaults, services/],
    [{ ...good, stacks: null }, /^stacks must be an object with cluster, endpoint.*, got null/],
  ] as const) {
    await assert.rejects(createMesh(options as never), refusal(message));
  }
});

test('a service name with a character that is not allowed is refused everywhere', async () => {
  const { mesh } = await aMesh();
  for (const name of ['', 'or ders', 'orders/42', '../etc', 'a..b', '-a', 'a-', 'é', 'a'.repeat(254), 'a\n', 'a:80']) {
    const message = /^a service name must be letters, digits/;
    await assert.rejects(createMesh({ service: name, registry: { fixed } }), refusal(message), name);
    await assert.rejects(
      createMesh({ service: 'checkout', registry: { fixed: { [name]: [] } } }),
      refusal(message),
      name,
    );
    await assert.rejects(
      mesh.call(name, () => 1),
      refusal(message),
      name,
    );
    assert.throws(() => mesh.explain(name), refusal(message), name);
  }
  for (const name of [undefined, null, 7, {}, Symbol.iterator]) {
    await assert.rejects(
      mesh.call(name as never, () => 1),
      refusal(/^a service name must be/),
    );
  }
  assert.deepEqual(mesh.snapshot().clusters, []);
});

test('a registry URL of an unknown scheme is refused with those there are, and without its secret', async () => {
  for (const [registry, message] of [
    ['gopher://host', /^registry: no such scheme 'gopher:' in 'gopher:\/\/host'; there are local:, zookeeper:/],
    ['', /^registry: no such scheme '' in ''/],
    ['127.0.0.1:2181', /^registry: no such scheme ''/],
    ['LOCAL:', /^registry: no such scheme ''/],
    ['constructor:', /^registry: no such scheme 'constructor:'/],
    ['consul://ada:s3cret@host', /'consul:\/\/\*\*\*@host'/],
    ['consul://ada:a/s3cret?b#c@host', /'consul:\/\/\*\*\*@host'/],
    ['ada:s3cret@host', /'\*\*\*@host'/],
    [`consul://ada:${'s3cret'.repeat(50)}@host`, /'consul:\/\/\*\*\*@host'/],
    ['local:relative/folder', /local/],
  ] as const) {
    await assert.rejects(createMesh({ service: 'checkout', registry }), (error) => {
      assert.ok(MeshError.is(error), String(error));
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  }
});

test('an endpoint of a fixed list that can not be one is refused, with its place', async () => {
  for (const [list, message] of [
    ['http://127.0.0.1:1', /^registry\.fixed\.orders must be a list/],
    [['127.0.0.1:3000'], /^registry\.fixed\.orders\[0\]: an endpoint must be an http or https URL/],
    [['ftp://127.0.0.1'], /^registry\.fixed\.orders\[0\]: an endpoint must be an http or https URL/],
    [['http://127.0.0.1/path'], /^registry\.fixed\.orders\[0\]: an endpoint must be scheme, host and port alone/],
    [['http://a:1', 'http://a:1/'], /^registry\.fixed\.orders\[1\]: http:\/\/a:1 stands on the list twice/],
    [[{ url: 'http://a:1', weight: -1 }], /^registry\.fixed\.orders\[0\]\.weight must be a number from 0/],
    [[{ url: 'http://a:1', weight: Number.NaN }], /^registry\.fixed\.orders\[0\]\.weight must be a number from 0/],
    [[{ url: 'http://a:1', wait: 1 }], /^registry\.fixed\.orders\[0\]\.wait: no such field; there are url, weight/],
    [[null], /^registry\.fixed\.orders\[0\] must be an object/],
  ] as const) {
    const options = { service: 'checkout', registry: { fixed: { orders: list } } };
    await assert.rejects(createMesh(options as never), refusal(message));
  }
});

test('a URL that names no service is refused, and shows no secret', async (t) => {
  const { mesh } = await aMesh();
  t.after(() => mesh.close());
  for (const [url, message] of [
    ['/orders/42', /^a URL must name a service/],
    ['http://', /^a URL must name a service/],
    ['', /^a URL must name a service/],
    [undefined, /^a URL must name a service.* got undefined/],
    ['https://orders/', /must begin with 'http:\/\/', got 'https:'/],
    ['http://orders:8080/', /must have no port, got ':8080'/],
    ['http://ada:s3cret@orders/', /must hold no user name or password/],
    ['http://or%20ders/?token=s3cret', /./],
  ] as const) {
    const noSecret = (error: unknown): void => {
      assert.doesNotMatch(`${error} ${(error as Error).cause}`, /s3cret/);
    };
    const asked = mesh.request(url as string);
    await assert.rejects(asked, refusal(message));
    await asked.catch(noSecret);
    const fetched = mesh.fetch(url as string);
    await assert.rejects(fetched, TypeError); // as a fetch does
    await fetched.catch(noSecret);
  }
});

test('options of a call that there are not, or that are of the wrong kind, are refused before anything is sent', async () => {
  const { mesh } = await aMesh();
  let asked = 0;
  for (const [options, message] of [
    [null, /^the options of a call must be an object, got null/],
    ['fast', /^the options of a call must be an object, got 'fast'/],
    [{ retries: 3 }, /^a call has no option 'retries'; there are idempotent, /],
    [{ idempotent: 'yes' }, /^idempotent is of the wrong kind: string/],
    [{ replayable: 1 }, /^replayable is of the wrong kind: number/],
    [{ signal: {} }, /^signal is of the wrong kind: object/],
    [{ route: 7 }, /^route is of the wrong kind: number/],
    [{ method: Symbol.iterator }, /^method is of the wrong kind: symbol/],
    [{ headers: null }, /^headers is of the wrong kind: object/],
    [{ headers: new Headers({ 'idempotency-key': '1' }) }, /^headers is of the wrong kind: object/],
    [{ headers: [['idempotency-key', '1']] }, /^headers is of the wrong kind: object/],
    [{ classify: 'failure' }, /^classify is of the wrong kind: string/],
    [{ timeout: 800 }, /^timeout is of the wrong kind: number/],
    [{ timeout: '' }, /^timeout must be a duration from '1ms' to '24h' such as '250ms' or '2s', got ''/],
    [{ timeout: '0ms' }, /^timeout must be a duration/],
    [{ timeout: '-5s' }, /^timeout must be a duration/],
    [{ timeout: '25h' }, /^timeout must be a duration/],
    [{ timeout: 'off' }, /^timeout must be a duration/],
  ] as const) {
    await assert.rejects(
      mesh.call('orders', () => asked++, options as unknown as CallOptions),
      refusal(message),
    );
  }
  for (const send of [undefined, null, 'fetch', {}]) {
    await assert.rejects(mesh.call('orders', send as never), refusal(/^send must be a function, got /));
  }
  assert.equal(asked, 0);
});

test('what a request is told and can not be told is refused', async (t) => {
  const { mesh } = await aMesh();
  t.after(() => mesh.close());
  for (const [options, message] of [
    [{ retries: 3 }, /^a request has no option 'retries'; there are method, headers, body/],
    [{ method: 7 }, /^method must be text, got number/],
    [{ signal: 'stop' }, /^signal must be an AbortSignal/],
    [{ timeout: '2 s' }, /^timeout must be a duration/],
    [{ idempotent: 'yes' }, /^idempotent is of the wrong kind/],
    [{ headers: { 'x-a': 'b\r\nx-evil: 1' } }, /header/],
    [{ method: 'POST', body: { a: 1 } }, /body/],
  ] as const) {
    await assert.rejects(mesh.request('http://orders/', options as never), refusal(message));
  }
});

test('what a process tells about itself is checked before anybody hears of it', async () => {
  const registry = new FakeRegistry();
  const mesh = await createMesh({ service: 'orders', registry });
  for (const [options, message] of [
    [undefined, /^announce: the options must be an object with port, got undefined/],
    [{}, /^announce: port must be given/],
    [{ port: 0 }, /^announce: port must be a whole number from 1 to 65535, got 0/],
    [{ port: 65_536 }, /^announce: port must be/],
    [{ port: '3000' }, /^announce: port must be/],
    [{ port: 1, weight: -1 }, /weight must be a number/],
    [{ port: 1, weight: Number.POSITIVE_INFINITY }, /weight must be a number/],
    [{ port: 1, host: 'a b' }, /host must be a host name or an IP address/],
    [{ port: 1, host: 'http://a' }, /host must be a host name or an IP address/],
    [{ port: 1, id: '../x' }, /id must be/],
    [{ port: 1, zone: 7 }, /zone must be a text/],
    [{ port: 1, secure: 'no' }, /secure must be true or false/],
    [{ port: 1, metadata: { a: 1 } }, /metadata must be an object of texts/],
    [{ port: 1, wieght: 2 }, /^announce: no such option 'wieght'; there are port, host, id, weight/],
  ] as const) {
    await assert.rejects(mesh.announce(options as never), refusal(message));
  }
  assert.deepEqual(await registry.services(), []);
  await mesh.close();
});

test('a listener that is none, and options of close that are none, are refused; the mesh goes on', async () => {
  const { mesh } = await aMesh();
  assert.throws(() => mesh.on('event' as never), refusal(/^on needs a function, got string/));
  for (const [options, message] of [
    [null, /^close: options must be an object with drainMs, timeoutMs/],
    [{ timeoutMs: -1 }, /^close: timeoutMs must be a number of at least 0, got -1/],
    [{ timeoutMs: '5s' }, /^close: timeoutMs must be a number of at least 0, got '5s'/],
    [{ timeout: 5 }, /^close: no such option 'timeout'; there are drainMs, timeoutMs/],
  ] as const) {
    await assert.rejects(mesh.close(options as never), refusal(message));
  }
  assert.equal(await mesh.call('orders', () => 'still open'), 'still open');
  await mesh.close();
});

test('what is given in the place of something else is refused in words, and not by what it happens to break', async () => {
  const { mesh } = await aMesh();
  const wrong: readonly (readonly [() => unknown, RegExp])[] = [
    [() => mesh.request('http://orders', null as never), /^the options must be an object, got null/],
    [() => mesh.request('http://orders', 5 as never), /^the options must be an object, got 5/],
    [() => mesh.dependsOn('orders', null as never), /^dependsOn: the options must be an object, got null/],
    [() => mesh.onClose(5 as never), /^onClose needs a function, got number/],
    [() => mesh.within(null as never, () => 1), /^within: the headers must be an object, got null/],
    [() => mesh.within({}, 5 as never), /^within needs a function, got number/],
    [() => mesh.explain('orders', 5 as never), /^explain: a route must be text, and a call an object, got number/],
    [() => mesh.authorize.explain(null as never), /^authorize\.explain needs a request with its path, such as/],
    [() => mesh.authorize.explain({} as never), /^authorize\.explain needs a request with its path, such as/],
  ];
  for (const [asking, message] of wrong) await assert.rejects(async () => asking(), refusal(message));
  await mesh.close();
});

test('what a task of closing fails with may be anything: the mesh closes all the same', async () => {
  const { mesh, env, told } = await aMesh();
  mesh.onClose(() => Promise.reject(Object.create(null)));
  await mesh.close();
  assert.deepEqual(
    told('leaving').map(({ step, problem }) => [step, problem]),
    [
      ['stopped', 'an object'],
      ['closed', ''],
    ],
  );
  assert.equal(env.clock.scheduled, 0);
});
