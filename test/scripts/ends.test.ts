import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { node } from '../../scripts/run.ts';
import { verdict } from '../../scripts/test.ts';

const script = (name: string): string => `--import=${new URL(`../../scripts/${name}.ts`, import.meta.url).href}`;
const none = `--${process.version.startsWith('v22.') ? 'experimental-' : ''}test-isolation=none`;
const many = `for (let at = 0; at < 300; at++) test('number ' + at, () => {});`;

/** A folder with these files of tests, by their names. */
async function aFolder(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-test-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, code] of Object.entries(files))
    await writeFile(join(folder, `${name}.test.ts`), `import { test } from 'node:test';\n${code}\n`);
  return folder;
}

/** Runs files of tests with the options of a run. */
async function runOf(t: TestContext, options: readonly string[], files: Readonly<Record<string, string>>) {
  const folder = await aFolder(t, files);
  const paths = Object.keys(files).map((name) => join(folder, `${name}.test.ts`));
  const run = ['--test', '--test-reporter=spec', ...options, ...paths];
  return node(run, { cwd: folder, env: { TEST_SOON_MS: '100' } });
}

test('a file that leaves something behind is ended, told of, and loses no test', async (t) => {
  const { code, output } = await runOf(t, [script('ends')], { leaves: `${many}\nsetInterval(() => {}, 1_000);` });
  const { passed, failed } = verdict([{ code, output }]);
  assert.deepEqual([code, passed, failed], [1, 300, 1]); // the one is the file itself
  assert.match(output, /leaves\.test\.ts was ended: something that it left behind keeps it alive \(.*Timeout/);
  assert.match(output, /; the last test that began is 'number 299'$/m);
});

test('a process of many files that one of them keeps alive is ended, told of, and loses no test', async (t) => {
  const files = { leaves: `${many}\nsetInterval(() => {}, 1_000);`, other: `test('another', () => {});` };
  const { code, output } = await runOf(t, [none, script('ends')], files);
  const { passed, failed, problem } = verdict([{ code, output }]);
  assert.deepEqual([passed, failed], [301, 0]);
  assert.equal(problem, 'the test runner ended with 1');
  assert.match(output, /a process of many files was ended: .*Timeout/);
});

test('what was told is not cut off, should who reads it stand still for longer than another word is waited for', async (t) => {
  const folder = await aFolder(t, { leaves: `${many.replace('300', '1_000')}\nsetInterval(() => {}, 1_000);` });
  const args = ['--test', '--test-reporter=spec', none, script('ends'), join(folder, 'leaves.test.ts')];
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1', TEST_SOON_MS: '100' };
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    if (output === '') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000); // nothing else goes on here
    output += piece;
  });
  const [code] = await once(child, 'close');
  assert.equal(verdict([{ code, output }]).passed, 1_000);
});

test('what a test leaves to others of its process is found, whatever it is, and told once', async (t) => {
  const leaving: Readonly<Record<string, string>> = {
    'listeners of SIGTERM': `process.on('SIGTERM', () => {})`,
    "the environment's LEFT": `process.env.LEFT = 'behind'`,
    fetch: 'globalThis.fetch = () => {}',
    cwd: `process.chdir('/')`,
    'Symbol(an api)': `globalThis[Symbol.for('an api')] = 1`,
  };
  const tests = Object.entries(leaving).map(
    ([what, doing]) => `test('${what.replace("'", '')} leaves', () => { ${doing}; }); test('after', () => {});`,
  );
  const { output } = await runOf(t, [none, script('leaves')], { leaves: tests.join('\n') });
  for (const what of Object.keys(leaving)) {
    assert.ok(
      output.includes(`'${what.replace("'", '')} leaves' left the process other than it was: ${what}\n`),
      output,
    );
  }
  assert.match(output, /^ℹ fail 5$/m);
});

test('what a test takes back, as late as after its end, is not left', async (t) => {
  const text = `
    const none = () => {};
    test('with a test in it', async (t) => {
      process.on('SIGTERM', none);
      t.after(() => process.off('SIGTERM', none));
      await t.test('the one in it', () => {});
    });
    test('after', () => {});`;
  const { code, output } = await runOf(t, [none, script('leaves')], { takes: text });
  assert.equal(code, 0, output);
});
