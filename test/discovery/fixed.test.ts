import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { type FixedServices, fixedRegistry } from '../../src/discovery/fixed.ts';

const refused = (services: unknown, message: RegExp) =>
  assert.throws(
    () => fixedRegistry(services as FixedServices),
    (error) => MeshError.is(error) && error.code === 'INVALID_ARGUMENT' && message.test(error.message),
  );

test('a fixed list is there at once, with the weights, zones and metadata it was given', async () => {
  const registry = fixedRegistry({
    orders: ['http://127.0.0.1:3001', { url: 'https://[::1]:3002', weight: 0, zone: 'a', metadata: { version: '2' } }],
    empty: [],
  });
  const { value } = registry.resolve('orders');
  assert.ok(value.is === 'bound');
  assert.deepEqual(
    value.endpoints.map(({ url, weight, zone, metadata }) => [url, weight, zone, metadata]),
    [
      ['http://127.0.0.1:3001', 1, '', {}],
      ['https://[::1]:3002', 0, 'a', { version: '2' }],
    ],
  );
  assert.deepEqual(registry.resolve('empty').value, { is: 'bound', endpoints: [] });
  assert.deepEqual(registry.resolve('payments').value, { is: 'unknown' });
  assert.deepEqual(registry.resolve('constructor').value, { is: 'unknown' });
  assert.deepEqual(await registry.services(), ['empty', 'orders']);
  await registry.close();
});

test('an announcement is accepted, checked and kept to itself', async () => {
  const registry = fixedRegistry({ orders: ['http://127.0.0.1:3001'] });
  const instance = { service: 'orders', id: 'a', host: 'h', port: 1, secure: false, weight: 1, zone: '', metadata: {} };
  const listing = await registry.announce(instance);
  assert.equal(listing.state.value, 'listed');
  await listing.update({ weight: 5 });
  assert.equal(listing.instance.weight, 5);
  const { value } = registry.resolve('orders');
  assert.ok(value.is === 'bound' && value.endpoints.length === 1);
  await listing.close();
  assert.equal(listing.state.value, 'left');
  await assert.rejects(registry.announce({ ...instance, port: 0 }), { code: 'INVALID_ARGUMENT' });
});

test('a mistake in a fixed list is told with its place', () => {
  refused({ 'or/ders': [] }, /a service name must be .*; got 'or\/ders'/);
  refused(null, /^registry\.fixed must be an object/);
  refused({ orders: 'http://h:1' }, /^registry\.fixed\.orders must be a list of URLs/);
  refused(
    { orders: ['http://h:1', 'nonsense'] },
    /^registry\.fixed\.orders\[1\]: an endpoint must be .*, got 'nonsense'/,
  );
  refused({ orders: ['ftp://h:1'] }, /^registry\.fixed\.orders\[0\]: an endpoint must be an http or https URL/);
  refused({ orders: ['http://h:1/path'] }, /^registry\.fixed\.orders\[0\]: .* scheme, host and port alone/);
  refused(
    { orders: ['http://h:1', { url: 'http://h:1/' }] },
    /^registry\.fixed\.orders\[1\]: .* stands on the list twice/,
  );
  refused({ orders: [{}] }, /^registry\.fixed\.orders\[0\]\.url must be a URL/);
  refused({ orders: [{ url: 'http://h:1', wieght: 2 }] }, /\[0\]\.wieght: no such field; there are url, weight, zone/);
  refused({ orders: [null] }, /^registry\.fixed\.orders\[0\] must be an object/);
  for (const weight of [-1, Number.NaN, '2', Number.POSITIVE_INFINITY])
    refused(
      { orders: [{ url: 'http://h:1', weight }] },
      /^registry\.fixed\.orders\[0\]\.weight must be a number from 0/,
    );
  refused({ orders: [{ url: 'http://h:1', zone: 3 }] }, /^registry\.fixed\.orders\[0\]\.zone must be a text/);
  refused({ orders: [{ url: 'http://h:1', metadata: { a: 1 } }] }, /\[0\]\.metadata\['a'\] must be a text/);
});

test('a password in a URL is not shown in the error about it', () => {
  assert.throws(
    () => fixedRegistry({ orders: ['http://me:secret@h:1'] }),
    (error: Error) => !error.message.includes('secret'),
  );
});
