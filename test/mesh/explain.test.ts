import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Registry } from '../../src/discovery/registry.ts';
import { UnreadableRecords } from '../../src/discovery/unreadable.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';

const policy = {
  defaults: { retry: { attempts: 4 } },
  services: {
    orders: {
      deadline: { timeout: '800ms' },
      outlier: { failures: 1 },
      routes: { 'GET /reports/{year}': { deadline: { timeout: '20s' } } },
    },
  },
} as const;

const registry = {
  fixed: {
    orders: [
      'http://10.0.0.1:3000',
      { url: 'http://10.0.0.2:3000', weight: 2.5, zone: 'b' },
      { url: 'http://10.0.0.3:3000', weight: 0 },
    ],
  },
};

const lineOf = (text: string, slot: string): string | undefined =>
  text.split('\n').find((line) => new RegExp(`^[ \\d]{2} {2}${slot}( |$)`).test(line));

test('explain shows the way of a call in order, each setting, and where those that differ came from', async () => {
  const { mesh } = await aMesh({ policy, registry });
  await mesh.dependsOn('orders');
  const text = mesh.explain('orders');
  const [head] = text.split('\n');
  assert.equal(head, 'orders: bound in fixed, 3 endpoints, 10 retries left');
  const way = [...text.matchAll(/^ ?(\d+) {2}(\S+)/gm)].map(([, at, name]) => [Number(at), name]);
  assert.deepEqual(
    way.map(([at]) => at),
    way.map((_, at) => at + 1),
  );
  const names = way.map(([, name]) => name);
  assert.deepEqual(names, mesh.snapshot().clusters[0]!.stack);
  for (const [above, below] of [
    ['trace', 'deadline'],
    ['deadline', 'circuit'],
    ['circuit', 'retry'],
    ['retry', 'balance'],
    ['balance', 'outlier'],
    ['outlier', 'attempt'],
    ['attempt', 'propagate'],
    ['propagate', 'send'],
  ] as const) {
    assert.ok(names.indexOf(above) >= 0 && names.indexOf(above) < names.indexOf(below), `${above} above ${below}`);
  }
  assert.match(lineOf(text, 'deadline')!, /timeout 800ms \(services\.orders\), inherit true/);
  assert.match(
    lineOf(text, 'retry')!,
    /attempts 4 \(defaults\), on connect-failure\/refused-stream\/reset\/gateway-error\/429, backoff 25ms/,
  );
  assert.match(lineOf(text, 'attempt')!, /timeout off, connect 1s/);
  assert.match(text, /^ {4}transport +connections 128,/m, 'settings that no slot reads are shown too');
});

test('explain says in a word what is off, until somebody says anything of it', async () => {
  const { mesh } = await aMesh({ policy, registry });
  for (const slot of ['fallback', 'fault', 'route', 'mirror', 'quota', 'circuit', 'health', 'hedge', 'limit']) {
    assert.match(lineOf(mesh.explain('orders'), slot)!, / off$/, slot);
  }
  assert.match(mesh.explain('orders'), /^ {4}off +identify, authorize, shed, report, subset, hash, fleet$/m);
  assert.doesNotMatch(mesh.explain('orders'), / (?:\[\]|\{\})/, 'nothing is said of lists that are empty');

  mesh.setPolicy({ defaults: { hedge: { budget: 0.1 }, shed: { limit: 9 }, route: { by: 'x-user' } } });
  const text = mesh.explain('orders');
  assert.match(lineOf(text, 'hedge')!, /mode off, quantile 0\.95, delay 10ms, budget 0\.1 \(defaults\)$/);
  assert.match(lineOf(text, 'route')!, /route +by x-user \(defaults\)$/);
  assert.match(text, /^ {4}shed +mode off, limit 9 \(defaults\)/m);
  assert.match(text, /^ {4}off +identify, authorize, report, subset, hash, fleet$/m);
});

test('explain shows a route by the settings of that route', async () => {
  const { mesh } = await aMesh({ policy, registry });
  const text = mesh.explain('orders', 'GET /reports/{year}');
  assert.match(text, /^orders GET \/reports\/\{year\}: bound/);
  assert.match(lineOf(text, 'deadline')!, /timeout 20s \(services\.orders\.routes\['GET \/reports\/\{year\}'\]\)/);
  assert.match(lineOf(text, 'outlier')!, /failures 1 \(services\.orders\)/);
});

test('explain shows each endpoint, and why it is or is not picked', async () => {
  const { mesh, env } = await aMesh({ policy, registry });
  const line = (address: string): string =>
    mesh
      .explain('orders')
      .split('\n')
      .find((one) => one.includes(address))!;
  assert.match(line('10.0.0.1:3000'), /weight 1, \? ms, 0 in flight: picked by latency and calls in flight$/);
  assert.match(line('10.0.0.2:3000'), /weight 2\.5, zone b, /);
  assert.match(line('10.0.0.3:3000'), /weight 0, .*: not picked: weight 0 takes no new calls$/);

  const { send, asked } = script(env.clock, { error: refused() }, { value: 1, ms: 30 });
  const outcome = mesh.call('orders', send);
  await env.clock.advance(100);
  await outcome;
  const failed = asked[0]!.attempt!.endpoint.address;
  assert.match(line(failed), /: not picked: out for another [\d.]+m?s.* after 1 failures? in a row$/);
  assert.match(line(asked[1]!.attempt!.endpoint.address), /, (29|30)(\.\d+)? ms, 0 in flight: picked/);
});

test('explain says that a service is not known, or has no endpoints', async () => {
  const { mesh } = await aMesh({ registry: { fixed: { empty: [] } } });
  assert.match(mesh.explain('nowhere'), /^nowhere: unknown in fixed, 0 endpoints,[\s\S]*\n {4}no endpoints$/);
  assert.match(mesh.explain('empty'), /^empty: bound in fixed, 0 endpoints/);
});

test('explain says that it is panic', async () => {
  const { mesh, env } = await aMesh({ policy: { defaults: { outlier: { failures: 1 }, retry: { attempts: 1 } } } });
  const { send } = script(env.clock, { error: refused() });
  for (let call = 0; call < 3; call++) await assert.rejects(mesh.call('orders', send));
  const text = mesh.explain('orders');
  assert.match(text, /^orders: .* PANIC/);
  assert.match(text, /picked although it is out: panic, too few are healthy/);
  assert.equal(mesh.snapshot().clusters[0]!.panic, true);
});

test('a snapshot is plain JSON: what is read back is the same', async () => {
  const { mesh, env } = await aMesh({ policy, registry });
  const { send } = script(env.clock, { error: refused() }, { value: 1, ms: 30 });
  const outcome = mesh.call('orders', send);
  await env.clock.advance(100);
  await outcome;
  await assert.rejects(mesh.call('nowhere', () => 1));

  const shot = mesh.snapshot();
  assert.deepEqual(JSON.parse(JSON.stringify(shot)), shot);
  assert.deepEqual([shot.service, shot.registry, shot.at], ['checkout', 'fixed', '2026-01-01T00:00:00.100Z']);
  assert.deepEqual(shot.clusters.map(({ service, resolution }) => [service, resolution]).sort(), [
    ['nowhere', 'unknown'],
    ['orders', 'bound'],
  ]);
  const orders = shot.clusters.find(({ service }) => service === 'orders')!;
  assert.deepEqual(orders.policy.deadline!.timeout, { value: '800ms', from: 'services.orders' });
  assert.deepEqual(orders.policy.retry!.attempts, { value: 4, from: 'defaults' });
  assert.deepEqual(orders.policy.retry!.budget, { value: 0.2, from: 'default' });
  assert.deepEqual(orders.policy.attempt!.timeout, { value: 'off', from: 'default' });
  assert.equal(
    orders.endpoints.reduce((sum, { calls }) => sum + calls, 0),
    2,
  );
  assert.deepEqual(orders.endpoints.map(({ failuresInARow }) => failuresInARow).sort(), [0, 0, 1]);
  assert.equal(orders.endpoints.filter(({ latencyMs }) => latencyMs === null).length, 1);
  assert.equal(orders.retriesLeft, 9);
});

test('a snapshot shows the calls under way', async () => {
  const { mesh, env } = await aMesh();
  const { send } = script(env.clock, { value: 1, ms: 30 });
  const calls = [1, 2, 3, 4].map(() => mesh.call('orders', send));
  const inFlight = (): number =>
    mesh.snapshot().clusters[0]!.endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0);
  assert.equal(inFlight(), 4);
  await env.clock.advance(30);
  await Promise.all(calls);
  assert.equal(inFlight(), 0);
});

test('records that can not be read are counted, and the last of them named: here five of a thousand', async () => {
  const records = new UnreadableRecords();
  const fake = new FakeRegistry().set('orders', ['http://10.0.0.1:3000']);
  const registry: Registry = {
    name: fake.name,
    announce: (instance) => fake.announce(instance),
    resolve: (service) => Object.assign(fake.resolve(service), { unreadable: records.now }),
    services: () => fake.services(),
    close: () => fake.close(),
    [Symbol.asyncDispose]: () => fake.close(),
  };
  for (let at = 0; at < 1_000; at++) records.add(`r${at}`, 'it is no JSON');
  records.add('r7', "it is of the service '\u001b[31m\u202emal\n'");
  records.delete('r999');
  const { mesh } = await aMesh({ registry });
  await mesh.dependsOn('orders');
  const text = mesh.explain('orders');
  const [found] = mesh.snapshot().clusters.map(({ unreadable }) => unreadable);
  assert.equal(found?.count, 999);
  assert.deepEqual(
    found?.latest.map(({ id }) => id),
    ['r7', 'r998', 'r997', 'r996', 'r995'],
  );
  assert.match(text, /^ {4}999 records in the registry can not be read, the latest first:$/m);
  assert.match(text, /^ {6}r7: it is of the service '\?\[31m\?mal\?'$/m); // whatever it says, a terminal only shows it
  await mesh.close();
});

test('a list that stands without the registry says for how long, and why', async () => {
  const registry = new FakeRegistry().set('orders', ['http://10.0.0.1:3000']);
  const { mesh, env } = await aMesh({ registry });
  await mesh.dependsOn('orders');
  assert.match(mesh.explain('orders'), /^orders: bound in /);
  registry.fail(new Error('no server answers'));
  await env.clock.advance(90_000);
  assert.match(mesh.explain('orders'), /^orders: stale for 1m30s \(no server answers\) in .*, 1 endpoint/);
  assert.deepEqual(mesh.snapshot().clusters[0]!.stale, { ms: 90_000, problem: 'no server answers' });
  registry.heal();
  assert.match(mesh.explain('orders'), /^orders: bound in /);
  assert.equal(mesh.snapshot().clusters[0]!.stale, null);
  await mesh.close();
});

test('explain shows of a setting what a person reads, however long it is', async () => {
  const body = 'x'.repeat(60_000);
  const { mesh } = await aMesh({
    policy: { defaults: { fallback: { mode: 'answer', answer: { status: 200, body } } } },
  });
  const line = mesh
    .explain('orders')
    .split('\n')
    .find((one) => one.includes(' fallback '))!;
  assert.match(line, /"body":"x{20,}… \(defaults\)/);
  assert.ok(line.length < 1_000, `${line.length} characters`);
  await mesh.close();
});
