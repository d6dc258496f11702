import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { changed, checkInstance } from '../../src/discovery/instance.ts';
import { anInstance } from '../support/resolutions.ts';

const instance = anInstance('a', { port: 3000 });
const refused = (more: object, message: RegExp) =>
  assert.throws(
    () => checkInstance({ ...instance, ...more }),
    (error) => MeshError.is(error) && error.code === 'INVALID_ARGUMENT' && message.test(error.message),
  );

test('a good instance comes back as a frozen copy', () => {
  const metadata = { version: '2' };
  const checked = checkInstance({ ...instance, metadata });
  metadata.version = '3';
  assert.deepEqual(checked, { ...instance, metadata: { version: '2' } });
  assert.ok(Object.isFrozen(checked) && Object.isFrozen(checked.metadata));
  for (const id of ['orders-1', '10.0.0.5:3000', '[::1]:3000', 'app@host~2+b']) checkInstance({ ...instance, id });
});

test('every field that is not as it must be is named, with what it was', () => {
  refused({ service: '../etc' }, /^a service name must be .*; got '\.\.\/etc'/);
  for (const id of ['', '.', '..', '../x', 'a/b', 'a b', 'a\0', 'a\\b', 'x'.repeat(201), 7, undefined])
    refused({ id }, /^an instance's id must be 1 to 200 /);
  refused({ host: '10.0.0.5:80' }, /^an instance's host must be .*, got '10\.0\.0\.5:80'/);
  refused({ host: '[::1]' }, /^an instance's host must be .* without brackets/);
  for (const port of [0, 65_536, 1.5, '80', undefined]) refused({ port }, /^an instance's port must be a whole number/);
  for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001, '1', undefined])
    refused({ weight }, /^an instance's weight must be a number from 0 to 1000000, got /);
  refused({ secure: 1 }, /^an instance's secure must be true or false, got 1/);
  refused({ zone: null }, /^an instance's zone must be a text/);
});

test('metadata is texts only, of bounded size, and takes no name that is spoken for', () => {
  for (const metadata of [null, [], 'x']) refused({ metadata }, /^an instance's metadata must be an object/);
  refused({ metadata: { a: 1 } }, /^an instance's metadata\['a'\] must be a text, got 1/);
  refused({ metadata: { weight: '2' } }, /^an instance's metadata\.weight must be said by the option of that name/);
  refused({ metadata: { zone: 'a' } }, /^an instance's metadata\.zone /);
  for (const key of ['inmesh.pid', '@class', '', '__proto__'])
    refused({ metadata: Object.fromEntries([[key, 'x']]) }, /that name is taken/);
  refused({ metadata: { a: 'x'.repeat(32_768) } }, /^an instance's metadata must be at most 32768 characters/);
});

test('a change keeps what it does not name', () => {
  const before = { ...instance, weight: 2, metadata: { version: '1' } };
  assert.deepEqual(changed(before, { weight: 0 }), { ...before, weight: 0 });
  assert.deepEqual(changed(before, { metadata: {} }), { ...before, metadata: {} });
  assert.throws(() => changed(before, { weight: -1 }), /weight must be/);
});
