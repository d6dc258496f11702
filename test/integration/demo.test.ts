import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { test } from 'node:test';
import { allGone, demo } from '../support/demo.ts';
import { processesWith } from '../support/processes.ts';

test('the demo loses no call while servers are killed and fail, and says so', async (t) => {
  const { ended, output, folder } = await demo(t, '--plain', '--seconds', '6');
  assert.equal(await ended, 0, output.text);
  const { text } = output;
  for (const what of [
    /\+ a joined the registry/,
    /▶ a is killed with SIGKILL \(process \d+\)/,
    /↻ \d+ calls? tried again elsewhere/,
    /▶ b begins to fail half of its answers/,
    /▶ a is started again/,
    /▶ b is well again/,
    /failed +p50 +p90 +p99 +failed +p50 +p90 +p99/,
    /all of it +0 +\d+ +\d+ +\d+ +[1-9]\d* +\d+ +\d+ +\d+/, // none with the mesh, some without it
    /calls +failed +attempts +retries +ejections +returns +panics/,
    /✓ 0 of [\d ]*\d{3} calls failed with the mesh/,
  ]) {
    assert.match(text, what);
  }
  assert.doesNotMatch(text, /\u001b/, 'colours where there is no terminal');
  await allGone(folder);
  assert.deepEqual(await readdir(folder), []);
});

test('with --trace it prints one call that got past a dead and a failing server, as a tree with the reasons', async (t) => {
  const { ended, output, folder } = await demo(t, '--trace');
  assert.equal(await ended, 0, output.text);
  const lines = output.text.split('\n').map((line) => line.trimEnd());
  const at = (pattern: RegExp): number => lines.findIndex((line) => pattern.test(line));
  const order = [
    /^mesh\.call orders {2}success after 3 attempts .* ms$/,
    /^├─ attempt to [bc] {2}✕ (?:ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET|503) .* ms$/,
    /^│ {4}GET http:\/\/127\.0\.0\.1:\d+\/orders\/42$/,
    /^│ {4}passed over: 1 ejected \(a\)$/,
    /^├─ ↻ attempt 1 came to .*: again in .* ms$/,
    /^│ {4}GET http:\/\/127\.0\.0\.1:\d+\/orders\/42, resend 1$/,
    /^│ {4}passed over: 1 (?:ejected \(a\), 1 already tried \([bc]\)|already tried \([bc]\), 1 ejected \(a\))$/,
    /^├─ ↻ attempt 2 came to .*: again in .* ms$/,
    /^└─ attempt to d {2}✓ 200 .* ms$/,
    /^ {5}GET http:\/\/127\.0\.0\.1:\d+\/orders\/42, resend 2$/,
    /^ {5}waited .* ms before it$/,
  ].map(at);
  assert.ok(!order.includes(-1), `${order}\n${output.text}`);
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    output.text,
  );
  assert.match(output.text, /\(trace [0-9a-f]{32}\):/);
  await allGone(folder);
  assert.deepEqual(await readdir(folder), []);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`the demo leaves no process and no file when ${signal} ends it`, async (t) => {
    const { process, ended, printed, folder } = await demo(t, '--plain');
    await printed(/calls begin/);
    assert.equal((await processesWith(folder)).length, 5, 'three servers and two clients');
    process.kill(signal);
    assert.equal(await ended, 128 + constants.signals[signal]);
    await allGone(folder);
    assert.deepEqual(await readdir(folder), []);
  });
}

test('no process of the demo stays when it is killed itself', async (t) => {
  const { process, printed, folder } = await demo(t, '--plain');
  await printed(/calls begin/);
  process.kill('SIGKILL');
  await allGone(folder);
});

test('the demo fails, and tidies up, when one of its processes ends though it should not', async (t) => {
  const { ended, printed, output, folder } = await demo(t, '--plain');
  await printed(/calls begin/);
  const [any] = await processesWith(folder);
  process.kill(any!, 'SIGKILL');
  assert.equal(await ended, 1);
  assert.match(output.text, /\w+\.ts ended by itself, with SIGKILL/);
  await allGone(folder);
  assert.deepEqual(await readdir(folder), []);
});

test('the demo says what is wrong with its options', async (t) => {
  for (const [args, message] of [
    [['--seconds', '1'], /^--seconds must be from 5 to 600, got '1'\n$/],
    [['--seconds', 'ten'], /^--seconds must be from 5 to 600, got 'ten'\n$/],
    [['--fast'], /Unknown option '--fast'/],
    [['--registry', 'gopher://x'], /no such scheme 'gopher:' in 'gopher:\/\/x'; there are /],
  ] as const) {
    const { ended, output } = await demo(t, ...args);
    assert.notEqual(await ended, 0, args.join(' '));
    assert.match(output.text, message);
  }
});
