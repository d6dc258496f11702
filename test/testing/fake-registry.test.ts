import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint } from '../../src/core/endpoint.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { anInstance, everyValue, idsOf, refusedFor } from '../support/resolutions.ts';

const urlsOf = (registry: FakeRegistry, service = 'orders') => {
  const { value } = registry.resolve(service);
  return 'endpoints' in value ? value.endpoints.map(({ url }) => url) : value.is;
};

test('a fake registry says at once what a test told it', () => {
  const fake = new FakeRegistry();
  assert.equal(urlsOf(fake), 'unknown');
  fake.set('orders', ['http://a:1', endpoint('http://b:2', { weight: 3 })]);
  assert.deepEqual(urlsOf(fake), ['http://a:1', 'http://b:2']);
  fake.set('orders', []);
  assert.deepEqual(urlsOf(fake), []);
  fake.forget('orders');
  assert.equal(urlsOf(fake), 'unknown');
});

test('a failure makes every list stale, with the reason, until it heals', () => {
  const fake = new FakeRegistry().set('orders', ['http://a:1']);
  const orders = fake.resolve('orders');
  const heard = everyValue(orders);
  const error = new Error('cable cut');
  fake.fail(error).set('orders', ['http://b:2']);
  assert.deepEqual(orders.value, { is: 'stale', endpoints: [endpoint('http://a:1')], error });
  assert.equal(fake.resolve('orders').value.is, 'pending');
  fake.heal();
  assert.deepEqual(
    heard.map(({ is }) => is),
    ['bound', 'stale', 'bound'],
  );
  assert.deepEqual(idsOf(orders.value), ['http://b:2']);
});

test('a service is pending until it is set', () => {
  const fake = new FakeRegistry().pending('orders');
  const orders = fake.resolve('orders');
  assert.equal(orders.value.is, 'pending');
  fake.set('orders', ['http://a:1']);
  assert.equal(orders.value.is, 'bound');
});

test('what was announced stays beside what was set', async () => {
  const fake = new FakeRegistry().set('orders', ['http://a:1']);
  const listing = await fake.announce(anInstance('x'));
  fake.set('orders', ['http://b:2']);
  assert.deepEqual(urlsOf(fake), ['http://b:2', 'http://10.0.0.5:3001']);
  fake.forget('orders');
  assert.equal(listing.state.value, 'left');
  assert.equal(urlsOf(fake), 'unknown');
});

test('a client that is closed leaves the others and the registry as they are, and a count says what is open', async () => {
  const fake = new FakeRegistry().set('orders', ['http://a:1']);
  const [one, other] = [fake.client(), fake.client()];
  one.resolve('orders');
  await one.announce(anInstance('x'));
  const orders = other.resolve('orders');
  assert.equal(fake.open, 3);
  await one.close();
  assert.equal(fake.open, 1);
  assert.deepEqual(idsOf(orders.value), ['http://a:1']);
  await refusedFor('closed', one.announce(anInstance('y')));
  await other.close();
  assert.equal(fake.open, 0);
});
