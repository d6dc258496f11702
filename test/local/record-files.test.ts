import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileNameOf, idIn, isTemporary, RecordFiles, readRecordFile } from '../../src/local/record-files.ts';
import { testEnv } from '../../src/testing/env.ts';

const inFolder = async (body: (files: RecordFiles, folder: string) => Promise<void>): Promise<void> => {
  const root = await mkdtemp(join(tmpdir(), 'inmesh-test-'));
  const folder = join(root, 'orders');
  await body(new RecordFiles(root, testEnv()), folder).finally(() => rm(root, { recursive: true }));
};

test('a file is made only where there is none, and its folder with it', () =>
  inFolder(async (files, folder) => {
    const path = join(folder, 'a.json');
    assert.equal(await files.create(path, 'one'), true);
    assert.equal(await files.create(path, 'two'), false);
    assert.equal(await readFile(path, 'utf8'), 'one');
    assert.deepEqual(await readdir(folder), ['a.json']);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
  }));

test('a file is replaced or removed only while it says what was read', () =>
  inFolder(async (files, folder) => {
    const path = join(folder, 'a.json');
    await files.create(path, 'one');
    assert.equal(await files.replace(path, 'none', 'two'), 'other');
    assert.equal(await files.remove(path, 'none'), 'other');
    assert.equal(await readFile(path, 'utf8'), 'one');
    assert.equal(await files.replace(path, 'one', 'two'), 'done');
    assert.equal(await readFile(path, 'utf8'), 'two');
    assert.equal(await files.remove(path, 'two'), 'done');
    assert.equal(await files.remove(path, 'two'), 'other');
    assert.deepEqual(await readdir(folder), []);
  }));

test('while somebody is at a file nobody else is', () =>
  inFolder(async (files, folder) => {
    const [a, b] = [join(folder, 'a.json'), join(folder, 'b.json')];
    await files.create(a, 'one');
    await files.create(b, 'one');
    await writeFile(join(folder, '.a.json.lock'), '');
    assert.equal(await files.replace(a, 'one', 'two'), 'busy');
    assert.equal(await files.remove(a, 'one'), 'busy');
    assert.equal(await files.remove(b, 'one'), 'done');
    assert.equal((await readRecordFile(a))?.text, 'one');
  }));

test('a beat is the moment on the calendar', () =>
  inFolder(async (files, folder) => {
    const path = join(folder, 'a.json');
    await files.create(path, 'one');
    assert.equal((await readRecordFile(path))?.beatAt, testEnv().clock.epoch());
    assert.equal(await readRecordFile(join(folder, 'b.json')), undefined);
  }));

test('the name of a file is its id, with colons written so that every system takes them', () => {
  for (const id of ['orders-1', '10.0.0.5:3000', '[::1]:3000', 'app@host~2+b']) assert.equal(idIn(fileNameOf(id)), id);
  assert.equal(fileNameOf('10.0.0.5:3000'), '10.0.0.5%3A3000.json');
  for (const other of ['.a.json', 'a.txt', 'a', 'README.md']) assert.equal(idIn(other), undefined);
  assert.deepEqual(['.1-2.tmp', '.a.json.lock', 'a.tmp', '.a.json', 'a.json'].map(isTemporary), [
    true,
    true,
    false,
    false,
    false,
  ]);
});
