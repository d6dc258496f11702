import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { judge, judgeError } from '../../src/core/judge.ts';
import type { Classify } from '../../src/core/outcome.ts';
import { aContext, answer, refused } from '../../src/testing.ts';
import { unheardIn } from '../support/unheard.ts';

test('the policy says which statuses fail', () => {
  const context = aContext({ policy: { outcome: { failing: [404, '5xx'] } } });
  assert.equal(judge(context, answer(404)).is, 'failure');
  assert.equal(judge(context, answer(403)).is, 'success');
  assert.equal(judge(aContext({ policy: { outcome: { failing: [] } } }), answer(500)).is, 'success');
});

test('the caller’s own judgement counts before all others', () => {
  const classify: Classify = (settled) => ('value' in settled && settled.value === 'bad' ? 'failure' : undefined);
  const context = aContext({ classify });
  assert.equal(judge(context, 'bad').is, 'failure');
  assert.equal(judge(context, 'good').is, 'success', 'nothing means: as usual');
  assert.equal(judge(context, answer(500)).is, 'failure');
});

test('an error may be judged to be none', () => {
  const classify: Classify = (settled) => ('error' in settled ? 'none' : undefined);
  assert.equal(judgeError(aContext({ classify }), refused()).is, 'none');
});

test('where it differs from what is usual, it stands for itself, and the status is not asked', () => {
  const yes: Classify = () => 'success';
  const no: Classify = () => 'failure';
  assert.deepEqual(judge(aContext({ classify: yes }), answer(503)), {
    is: 'success',
    why: 'status 503',
    sent: 'yes',
    status: 0,
    retryAfter: undefined,
  });
  assert.equal(judge(aContext({ classify: no }), answer(200)).status, 0);
  assert.equal(judge(aContext({ classify: no }), answer(503)).status, 503, 'where it agrees, nothing changes');
});

test('a judge that throws, or says what is no verdict, is as good as none', () => {
  const throwing: Classify = () => {
    throw new Error('its own fault');
  };
  const babbling = (() => 'great') as unknown as Classify;
  for (const classify of [throwing, babbling]) {
    assert.equal(judge(aContext({ classify }), answer(500)).is, 'failure');
    assert.equal(judgeError(aContext({ classify }), refused()).is, 'failure');
  }
});

test('one thing is judged once, however many ask', () => {
  let asked = 0;
  const classify: Classify = () => {
    asked++;
    return undefined;
  };
  const context = aContext({ classify });
  const value = answer(200);
  assert.equal(judge(context, value), judge(context, value));
  assert.equal(asked, 1);
  judge(context, answer(200));
  assert.equal(asked, 2);
});

test('once called off, whatever the client throws is our own doing', () => {
  const context = aContext({ classify: () => 'failure' });
  context.scope.cancel(new MeshError('deadline', 'orders: 10s are up', { sent: 'maybe' }));
  const { is, why } = judgeError(context, refused());
  assert.deepEqual({ is, why }, { is: 'none', why: 'deadline' });
});

test('the mesh’s own errors are not the caller’s to judge', () => {
  const context = aContext({ classify: () => 'success' });
  assert.equal(judgeError(context, new MeshError('attempt', 'x', { sent: 'maybe' })).is, 'failure');
});

test('a judge that is async judges too late, and that it fails is its own affair', async (t) => {
  const unheard = unheardIn(t);
  const classify = (async () => {
    throw new Error('its own fault');
  }) as unknown as Classify;
  assert.equal(judge(aContext({ classify }), answer(200)).is, 'success');
  assert.equal(await unheard(), 0);
});
