import assert from 'node:assert/strict';
import { test } from 'node:test';
import { node, root } from '../../scripts/run.ts';

/** Asks for packages in a process of its own, before which stand words that change what it is on. */
const ask = (packages: readonly string[], before = '', path = process.env.PATH ?? '') =>
  node(
    [
      '--input-type=module',
      '-e',
      `${before}
       const { ensure } = await import('./scripts/programs.ts');
       try { ensure(${JSON.stringify(packages)}); console.log('all there'); } catch (error) { console.log(error.message); }`,
    ],
    { cwd: root, env: { PATH: path } },
  );

test('nothing asked for is nothing missing', async () => {
  assert.equal((await ask([])).output, 'all there\n');
});

test('who may not install is told in one line what to install', async () => {
  const { output } = await ask(['inmesh-no-such-package', 'inmesh-nor-this'], 'process.getuid = () => 1000;');
  assert.equal(output, 'missing programs; please run: apt-get install inmesh-no-such-package inmesh-nor-this\n');
});

test('a machine without apt-get is told in one line what to install', async () => {
  const { output } = await ask(['inmesh-no-such-package'], '', '/nowhere');
  assert.equal(output, 'missing programs; please run: apt-get install inmesh-no-such-package\n');
});
