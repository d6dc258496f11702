import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { folderOf, openFolder } from '../../src/local/folder.ts';

const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-test-'));
  await body(folder).finally(() => rm(folder, { recursive: true }));
};

const refused = (folder: string, message: RegExp): void =>
  assert.throws(
    () => openFolder(folder),
    (error) => MeshError.is(error) && error.reason === 'registry' && message.test(error.message),
  );

test('local: is a folder per user, and local:/// the one that is named', () => {
  assert.equal(folderOf('local:'), join(tmpdir(), `inmesh-${process.getuid?.()}`));
  assert.equal(folderOf('local:///run/mesh'), '/run/mesh');
  assert.equal(folderOf('local:///run/my%20mesh/'), '/run/my mesh');
});

test('what names no folder is refused', () => {
  for (const url of [
    'local:/',
    'local://',
    'local:///',
    'local://host/folder',
    'local:mesh',
    'local:./mesh',
    'local:/a',
  ])
    assert.throws(
      () => folderOf(url),
      /^MeshError: registry: must be 'local:' or 'local:\/\/\/a\/folder', got 'local:/,
    );
  for (const url of ['local:///a?b', 'local:///a#b', 'local:///a%2Fb', 'local:///a%00b', 'file:///a', ''])
    assert.throws(() => folderOf(url), { code: 'INVALID_ARGUMENT' }, url);
});

test('a folder that is not there is made, for this user alone', () =>
  inFolder(async (folder) => {
    const deep = join(folder, 'a', 'b');
    openFolder(deep);
    for (const made of [deep, join(folder, 'a')]) assert.equal((await stat(made)).mode & 0o777, 0o700);
    openFolder(deep);
  }));

test('a folder that others could write in is refused, and one that they can only read is not', () =>
  inFolder(async (folder) => {
    for (const mode of [0o777, 0o1777, 0o770, 0o702]) {
      await chmod(folder, mode);
      refused(folder, new RegExp(`can be written in by others \\(mode ${(mode & 0o777).toString(8)}\\)`));
    }
    await chmod(folder, 0o755);
    openFolder(folder);
  }));

test('a symbolic link or a file is no registry', () =>
  inFolder(async (folder) => {
    await mkdir(join(folder, 'real'), { mode: 0o700 });
    await symlink(join(folder, 'real'), join(folder, 'link'));
    refused(join(folder, 'link'), /is a symbolic link/);
    await writeFile(join(folder, 'file'), '');
    refused(join(folder, 'file'), /can not be opened: EEXIST/);
    refused(join(folder, 'file', 'below'), /can not be opened: ENOTDIR/);
  }));

test('a folder of somebody else is refused', () => {
  const { getuid } = process;
  process.getuid = () => 424_242;
  return inFolder(async (folder) => {
    refused(folder, /belongs to user \d+, and this process is user 424242/);
  }).finally(() => {
    process.getuid = getuid!;
  });
});
