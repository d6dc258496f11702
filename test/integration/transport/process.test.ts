import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { echo, serve } from '../../support/http.ts';

const run = promisify(execFile);

/** What a program of this folder prints. */
async function told(program: string, ...args: string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url));
  const { stdout } = await run(process.execPath, ['--no-warnings', path, ...args], { timeout: 30_000 });
  return JSON.parse(stdout);
}

test('a closed transport leaves no socket and no timer', async (t) => {
  const server = await serve(t, (request, response) => (request.url === '/hang' ? undefined : echo(request, response)));
  assert.deepEqual(await told('leaves-nothing', server.url, 'close'), []);
});

test('a process whose transport is idle ends by itself', async (t) => {
  const server = await serve(t, (request, response) => (request.url === '/hang' ? undefined : echo(request, response)));
  assert.ok(Array.isArray(await told('leaves-nothing', server.url, 'forget')));
});

for (const when of ['before', 'after']) {
  test(`the fetch of Node is as if we had never been there, when undici is loaded ${when} it`, async (t) => {
    const server = await serve(t, echo);
    const pool = 'function';
    const found = { status: 200, body: 'hello', foreign: false, untouched: true, pool, same: true };
    assert.deepEqual(await told('globals', server.url, 'inner', when), found);
  });

  test(`it is also when the inner doors of undici have moved, and it is loaded ${when} by the front door`, async (t) => {
    const server = await serve(t, echo);
    const found = { status: 200, body: 'hello', foreign: false, untouched: true, pool: 'function' };
    assert.deepEqual(await told('globals', server.url, 'front', when), found);
  });
}
