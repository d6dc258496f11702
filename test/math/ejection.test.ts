import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ejection, type EjectionLimits } from '../../src/math/ejection.ts';

const LIMITS: EjectionLimits = { ejection: 1_000, maxEjection: 8_000, forget: 10_000 };
const MOST = 3;
const WHY = 'after failures';

/** Fails so often, and puts it out when that is reason to; gives back for how long the last time. */
const failTimes = (ejection: Ejection, times: number, now: number, most = MOST): number => {
  let ms = 0;
  for (let failure = 0; failure < times; failure++) {
    ms = ejection.failed(ejection.term, most) ? ejection.eject(LIMITS, now, 0, WHY) : 0;
  }
  return ms;
};

test('failures in a row put it out, and one success starts the count anew', () => {
  const ejection = new Ejection();
  assert.equal(failTimes(ejection, 2, 0), 0);
  assert.equal(ejection.succeeded(ejection.term, 0), false, 'it was in all the while');
  assert.equal(failTimes(ejection, 2, 0), 0);
  assert.equal(failTimes(ejection, 1, 0), 1_000);
  assert.equal(ejection.state, 'out');
  assert.equal(ejection.until, 1_000);
  assert.equal(ejection.why, WHY);
});

test('chance takes off up to half of the time out', () => {
  const ejection = new Ejection();
  assert.equal(ejection.eject(LIMITS, 0, 0.999_999, WHY) > 500, true);
  assert.equal(new Ejection().eject(LIMITS, 0, 0.5, WHY), 750);
});

test('a failed probe is reason to put it out at once, for twice as long, up to the bound', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  const times = [];
  for (let probe = 0; probe < 5; probe++) {
    ejection.probe(0);
    times.push(failTimes(ejection, 1, 0));
  }
  assert.deepEqual(times, [2_000, 4_000, 8_000, 8_000, 8_000]);
});

test('a probe that succeeds brings it back, and the doublings are remembered', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  ejection.probe(1_000);
  assert.equal(ejection.succeeded(ejection.term, 1_000), true);
  assert.equal(ejection.state, 'in');
  assert.equal(failTimes(ejection, 3, 1_000), 2_000, 'what was learnt does not reset');
});

test('each stretch of good time takes one doubling back', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  for (let probe = 0; probe < 2; probe++) {
    ejection.probe(0);
    failTimes(ejection, 1, 0);
  }
  ejection.probe(0);
  ejection.succeeded(ejection.term, 0);
  assert.equal(failTimes(ejection, 3, 20_000), 2_000, 'three doublings less two');
  ejection.probe(20_000);
  ejection.succeeded(ejection.term, 20_000);
  assert.equal(failTimes(ejection, 3, 1_000_000), 1_000, 'never less than none');
});

test('a verdict from before a move moves nothing', () => {
  const ejection = new Ejection();
  const old = ejection.term;
  failTimes(ejection, 3, 0);
  assert.equal(ejection.succeeded(old, 0), false);
  assert.equal(ejection.failed(old, 1), false);
  assert.equal(ejection.undecided(old, 0), false);
  assert.equal(ejection.state, 'out');
  ejection.probe(1_000);
  assert.equal(ejection.succeeded(old, 0), false);
  assert.equal(ejection.failed(old, 1), false);
  assert.equal(ejection.state, 'probing');
});

test('a failure while it is out is no reason to put it out', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  assert.equal(ejection.failed(ejection.term, 1), false);
  assert.equal(ejection.until, 1_000);
});

test('a success while it is out, as in panic, does not bring it back before its time: half of its answers may fail', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  assert.equal(ejection.succeeded(ejection.term, 10), false);
  assert.equal(ejection.state, 'out');
  ejection.probe(5_000);
  assert.equal(ejection.succeeded(ejection.term, 5_000), true);
  assert.equal(ejection.state, 'in');
});

test('a probe without a verdict lets the next call try at once', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  ejection.probe(1_000);
  assert.equal(ejection.undecided(ejection.term, 5_000), true);
  assert.equal(ejection.state, 'out');
  assert.equal(ejection.until, 5_000);
});

test('a probe has a lease as long as a first ejection; another one after it is of the same term, and either decides', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  ejection.probe(1_500);
  assert.equal(ejection.until, 2_500);
  const { term } = ejection;
  ejection.probe(2_500);
  assert.equal(ejection.until, 3_500);
  assert.equal(ejection.term, term);
  assert.equal(ejection.succeeded(term, 2_600), true, 'the first or the second, nobody knows');
  assert.equal(ejection.failed(term, 1), false, 'the other one comes too late');
  assert.equal(ejection.state, 'in');
});

test('no verdict says nothing while it is in rotation', () => {
  const ejection = new Ejection();
  failTimes(ejection, 2, 0);
  assert.equal(ejection.undecided(ejection.term, 0), false);
  assert.equal(ejection.failures, 2);
});

test('0 failures are never reason to put it out', () => {
  const ejection = new Ejection();
  assert.equal(failTimes(ejection, 100, 0, 0), 0);
  assert.equal(ejection.state, 'in');
});

test('a lower limit that comes while failures are counted holds at the next failure', () => {
  const ejection = new Ejection();
  failTimes(ejection, 4, 0, 5);
  assert.equal(failTimes(ejection, 1, 0, 2), 1_000);
});

test('what is forgiven is counted anew', () => {
  const ejection = new Ejection();
  for (let failure = 0; failure < 3; failure++) ejection.failed(ejection.term, MOST);
  ejection.forgive();
  assert.equal(ejection.failures, 0);
  assert.equal(ejection.failed(ejection.term, MOST), false);
});

test('a rest is no illness: it makes no later ejection longer, and good time before it counts', () => {
  const ejection = new Ejection();
  for (let turn = 0; turn < 3; turn++) {
    ejection.rest(7_000, LIMITS, 0, 'as it asked');
    assert.deepEqual([ejection.state, ejection.until, ejection.why], ['out', 7_000, 'as it asked']);
    ejection.probe(7_000);
  }
  assert.equal(ejection.until, 8_000, 'its probe has the lease of any');
  ejection.succeeded(ejection.term, 7_000);
  assert.equal(failTimes(ejection, 3, 7_000), 1_000);
  ejection.probe(8_000);
  ejection.succeeded(ejection.term, 8_000);
  ejection.rest(100, LIMITS, 18_000, 'as it asked');
  ejection.probe(18_100);
  ejection.succeeded(ejection.term, 18_100);
  assert.equal(failTimes(ejection, 3, 18_100), 1_000, 'ten good seconds took the doubling back');
});
