import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { metrics as api } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { LiveValue } from '../../src/core/live.ts';
import type { Registry, RegistrySession } from '../../src/discovery/registry.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { aMesh } from '../support/mesh.ts';

afterEach(() => api.disable());

/** A registry that is reached over a network, as far as it tells. */
function reached(): { registry: Registry; session: LiveValue<RegistrySession> } {
  const session = new LiveValue<RegistrySession>({ is: 'connecting' });
  const fake = new FakeRegistry().set('orders', ['http://10.0.0.1:3000']);
  const registry: Registry = {
    name: 'zookeeper://h:2181',
    session,
    resolve: (service) => fake.resolve(service),
    announce: (instance) => fake.announce(instance),
    services: () => fake.services(),
    close: async () => {
      session.set({ is: 'closed' });
      await fake.close();
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { registry, session };
}

test('how it stands with the registry is told when it changes, each try to connect only once', async () => {
  const { registry, session } = reached();
  const { mesh, told, env } = await aMesh({ registry });
  session.set({ is: 'connecting', problem: 'h:2181: ECONNREFUSED' });
  session.set({ is: 'connecting', problem: 'h:2181: no answer' });
  session.set({ is: 'connected' });
  session.set({ is: 'suspended', problem: 'the server has gone silent' });
  session.set({ is: 'lost', problem: 'h:2181: ECONNREFUSED' });
  session.set({ is: 'connected' });
  session.set({ is: 'connected', problem: 'the new certificate can not be used' });
  session.set({ is: 'connected' });
  await mesh.close();
  assert.deepEqual(
    told('session').map(({ service, state, problem }) => [service, state, problem]),
    [
      ['checkout', 'connecting', 'h:2181: ECONNREFUSED'],
      ['checkout', 'connected', ''],
      ['checkout', 'suspended', 'the server has gone silent'],
      ['checkout', 'lost', 'h:2181: ECONNREFUSED'],
      ['checkout', 'connected', ''],
      ['checkout', 'connected', 'the new certificate can not be used'],
      ['checkout', 'connected', ''],
    ],
  );
  assert.equal(session.watchers, 0);
  assert.equal(env.clock.pending, 0);
});

test('snapshot and explain say how it stands with the registry, and say nothing where all is well', async () => {
  const { registry, session } = reached();
  const { mesh } = await aMesh({ registry });
  session.set({ is: 'connected' });
  const head = () => mesh.explain('orders').split('\n')[0];
  assert.match(head()!, /^orders: bound in zookeeper:\/\/h:2181, 1 endpoint,/);
  assert.deepEqual(mesh.snapshot().session, { state: 'connected', problem: '' });
  session.set({ is: 'lost', problem: 'h:2181: ECONNREFUSED' });
  assert.match(head()!, /^orders: bound in zookeeper:\/\/h:2181 \(session lost: h:2181: ECONNREFUSED\), 1 endpoint,/);
  assert.deepEqual(mesh.snapshot().session, { state: 'lost', problem: 'h:2181: ECONNREFUSED' });
  const { mesh: other } = await aMesh();
  assert.equal(other.snapshot().session, null);
});

const SESSION = /^inmesh_registry_session\{inmesh_session_state="(\w+)"\} (\d)$/gm;

test('the state of the session is a metric for Prometheus: 1 for the one it is in, and how often it came to each', async () => {
  const { registry, session } = reached();
  const { mesh } = await aMesh({ registry, telemetry: { prometheus: true } });
  session.set({ is: 'connected' });
  session.set({ is: 'suspended', problem: 'cut' });
  const states = () => [...mesh.metrics().matchAll(SESSION)].map(([, state, value]) => `${state} ${value}`);
  assert.deepEqual(states(), ['connecting 0', 'connected 0', 'suspended 1', 'lost 0', 'closed 0']);
  session.set({ is: 'connected' });
  assert.deepEqual(states(), ['connecting 0', 'connected 1', 'suspended 0', 'lost 0', 'closed 0']);
  const text = mesh.metrics();
  assert.match(text, /^inmesh_registry_session_changes_total\{inmesh_session_state="connected"\} 2$/m);
  assert.match(text, /^inmesh_registry_session_changes_total\{inmesh_session_state="suspended"\} 1$/m);
  const { mesh: other } = await aMesh({ telemetry: { prometheus: true } });
  assert.doesNotMatch(other.metrics(), /^inmesh_registry_session\{/m);
});

/** Collects when it is told to. */
class HandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

test('and one for OpenTelemetry, as is the age of a list that stands alone', async () => {
  const reader = new HandReader();
  api.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const fake = new FakeRegistry().set('orders', ['http://10.0.0.1:3000']);
  const { registry, session } = reached();
  const { mesh, env } = await aMesh({ registry: { ...registry, resolve: (service) => fake.resolve(service) } });
  await mesh.call('orders', () => 1);
  session.set({ is: 'lost', problem: 'away' });
  fake.fail(new Error('away'));
  await env.clock.advance(90_000);
  const { resourceMetrics } = await reader.collect();
  const points = (name: string) =>
    resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .find(({ descriptor }) => descriptor.name === name)!
      .dataPoints.map(({ attributes, value }) => ({ ...attributes, value }));
  assert.deepEqual(points('inmesh.registry.stale'), [{ 'inmesh.service': 'orders', value: 90 }]);
  assert.deepEqual(
    points('inmesh.registry.session').filter(({ value }) => value !== 0),
    [{ 'inmesh.session.state': 'lost', value: 1 }],
  );
});

test('an instance of ours that is off the list is told of, and so is that it is back and that it leaves', async () => {
  const registry = new FakeRegistry();
  const { mesh, told, env } = await aMesh({ registry: registry.client(), telemetry: { prometheus: true } });
  await mesh.announce({ port: 3000, id: 'a' });
  assert.deepEqual(told('listing'), []);
  registry.fail(new Error('away'));
  registry.heal();
  const closing = mesh.close();
  await env.clock.advance(10_000);
  await closing;
  assert.deepEqual(
    told('listing').map(({ service, id, state }) => [service, id, state]),
    [
      ['checkout', 'a', 'lost'],
      ['checkout', 'a', 'listed'],
      ['checkout', 'a', 'left'],
    ],
  );
  assert.match(mesh.metrics(), /^inmesh_registry_listing_changes_total\{inmesh_listing_state="lost"\} 1$/m);
});
