import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { thisMachine } from '../../src/local/machine.ts';

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

test('a process lives until it dies', async () => {
  const machine = thisMachine();
  assert.ok(machine.lives(machine.pid, machine.start));
  const child = spawn(process.execPath, ['-p', 'process.pid', '-i']); // waits for input
  try {
    const start = process.platform === 'linux' ? startOf(child.pid!) : '';
    assert.equal(machine.lives(child.pid!, start), true);
    await end(child);
    assert.equal(machine.lives(child.pid!, start), false);
  } finally {
    await end(child);
  }
});

test('every process of a machine knows it by the same name', () => {
  assert.equal(thisMachine().id, thisMachine().id);
  assert.notEqual(thisMachine().id, '');
});

if (process.platform === 'linux') {
  test('a process is not taken for another that has its number', () => {
    const machine = thisMachine();
    assert.equal(machine.lives(machine.pid, `${Number(machine.start) + 1}`), false);
  });

  test('a process that is dead but not yet buried does not live', async () => {
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000']); // which asks for nobody's exit status
    let child: number | undefined;
    try {
      const [line] = await once(parent.stdout, 'data');
      child = Number(String(line));
      // A shell does ask: the child is to die when the shell has become the other program.
      while (nameOf(parent.pid!) !== 'sleep') await new Promise(setImmediate);
      process.kill(child, 'SIGKILL');
      while (stateOf(child) !== 'Z') await new Promise(setImmediate);
      assert.ok(process.kill(child, 0)); // it is still there to be asked
      assert.equal(thisMachine().lives(child, startOf(child)), false);
    } finally {
      if (child !== undefined) process.kill(child, 'SIGKILL'); // also of use where the test failed before it did
      await end(parent);
    }
  });
}

const fieldsOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
const stateOf = (pid: number): string => fieldsOf(pid)[0]!;
const startOf = (pid: number): string => fieldsOf(pid)[19]!;
