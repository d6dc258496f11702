import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { node } from '../../scripts/run.ts';
import { verdict } from '../../scripts/test.ts';

const ends = new URL('../../scripts/ends.ts', import.meta.url).href;
const many = `for (let at = 0; at < 300; at++) test('number ' + at, () => {});`;

test('a file that leaves something behind is ended, told of, and loses no test', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'leaves.test.ts');
  await writeFile(file, `import { test } from 'node:test';\n${many}\nsetInterval(() => {}, 1_000);\n`);
  const run = ['--test', '--test-reporter=spec', `--import=${ends}`, file];
  const { code, output } = await node(run, { cwd: folder, env: { TEST_SOON_MS: '100' } });
  const { passed, failed } = verdict([{ code, output }]);
  assert.deepEqual([code, passed, failed], [1, 300, 1]); // the one is the file itself
  assert.match(output, /leaves\.test\.ts was ended: something that it left behind keeps it alive \(.*Timeout/);
});
