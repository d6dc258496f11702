import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission, shareOf, type Waiting } from '../../src/core/admission.ts';
import type { Priority } from '../../src/core/priority.ts';
import { Scope } from '../../src/core/scope.ts';
import { testEnv } from '../../src/testing/env.ts';

/** A place with room for `room` at once, and those who ask to be let in by name. */
function aPlace(room: number, waiting: Partial<Waiting> = {}) {
  const { clock, timeouts } = testEnv();
  const admission = new Admission(timeouts);
  const came: string[] = [];
  const ask = (name: string, priority: Priority = 'default', scope = new Scope()) => {
    const entrant = {
      scope,
      priority,
      admits: () => admission.inFlight < room,
      refusal: () => new Error('full'),
    };
    admission.wait(entrant, { queue: 3, wait: 100, order: 'fifo', ...waiting }, clock.now()).then(
      () => {
        admission.entered();
        came.push(`${name} at ${clock.now()}`);
      },
      (error) => came.push(`${name}: ${(error as Error).message} at ${clock.now()}`),
    );
  };
  return { admission, clock, timeouts, came, ask };
}

test('who waits is let in when there is room, the most important first, and equals as they came', async () => {
  const { admission, clock, came, ask } = aPlace(1);
  admission.begin();
  ask('first');
  ask('second');
  ask('important', 'critical');
  assert.deepEqual([admission.queued, admission.inFlight], [3, 1]);
  for (let turn = 0; turn < 3; turn++) {
    await clock.advance(10);
    admission.end();
  }
  await clock.advance(0);
  assert.deepEqual(came, ['important at 10', 'first at 20', 'second at 30']);
  assert.deepEqual([admission.queued, admission.inFlight, admission.entering], [0, 1, 0]);
  assert.equal(clock.pending, 0);
});

test('the last that came is the first to be let in where the order is lifo, and the oldest gives way', async () => {
  const { admission, clock, came, ask } = aPlace(1, { queue: 2, order: 'lifo' });
  admission.begin();
  for (const name of ['a', 'b', 'c']) ask(name);
  admission.end();
  await clock.advance(0);
  admission.end();
  await clock.advance(0);
  assert.deepEqual(came, ['a: full at 0', 'c at 0', 'b at 0']);
});

test('nobody waits longer than they may, or than their scope lasts', async () => {
  const { admission, clock, timeouts, came, ask } = aPlace(1, { wait: 50 });
  admission.begin();
  const scope = new Scope();
  ask('called off', 'default', scope);
  ask('too late');
  await clock.advance(20);
  scope.cancel(new Error('gone'));
  await clock.advance(100);
  assert.deepEqual(came, ['called off: gone at 20', 'too late: full at 50']);
  assert.deepEqual([admission.queued, timeouts.waiting, clock.pending], [0, 0, 0]);
  admission.end();
  assert.equal(admission.inFlight, 0);
});

test('who is called off already does not begin to wait', async () => {
  const { admission, clock, came, ask } = aPlace(1);
  const scope = new Scope();
  scope.cancel(new Error('gone'));
  ask('late', 'default', scope);
  await clock.advance(0);
  assert.deepEqual([came, admission.queued], [['late: gone at 0'], 0]);
});

test('where the queue is full the least important gives way, and nobody for an equal', async () => {
  const { admission, clock, came, ask } = aPlace(1, { queue: 2 });
  admission.begin();
  ask('s1', 'sheddable');
  ask('s2', 'sheddable');
  ask('s3', 'sheddable');
  ask('d');
  ask('c', 'critical');
  ask('d2');
  await clock.advance(0);
  assert.deepEqual(came, ['s3: full at 0', 's2: full at 0', 's1: full at 0', 'd2: full at 0']);
  assert.equal(admission.queued, 2);
});

test('who asks is next unless somebody who matters as much waits already', async () => {
  const { admission, clock, ask } = aPlace(1);
  admission.begin();
  assert.ok(admission.isNext('sheddable'));
  ask('d');
  assert.deepEqual(
    [admission.isNext('critical'), admission.isNext('default'), admission.isNext('sheddable')],
    [true, false, false],
  );
  admission.end();
  await clock.advance(0);
});

test('what is critical may fill a limit twice, what is sheddable half of it, and nobody one of zero', () => {
  const shares = (limit: number) => (['critical', 'default', 'sheddable'] as const).map((one) => shareOf(limit, one));
  assert.deepEqual(shares(10), [20, 10, 5]);
  assert.deepEqual(shares(1), [2, 1, 1]);
  assert.deepEqual(shares(0), [0, 0, 0]);
});
