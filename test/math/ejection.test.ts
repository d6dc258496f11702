import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ejection, type EjectionLimits } from '../../src/math/ejection.ts';

const LIMITS: EjectionLimits = { failures: 3, ejection: 1_000, maxEjection: 8_000, forget: 10_000 };

const failTimes = (ejection: Ejection, times: number, now: number, limits = LIMITS): number => {
  let ms = 0;
  for (let failure = 0; failure < times; failure++) ms = ejection.failed(ejection.term, limits, now, 0);
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
});

test('chance takes off up to half of the time out', () => {
  const ejection = new Ejection();
  failTimes(ejection, 2, 0);
  assert.equal(ejection.failed(ejection.term, LIMITS, 0, 0.999_999) > 500, true);
  const other = new Ejection();
  failTimes(other, 2, 0);
  assert.equal(other.failed(other.term, LIMITS, 0, 0.5), 750);
});

test('a failed probe puts it out again at once, for twice as long, up to the bound', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  const times = [];
  for (let probe = 0; probe < 5; probe++) {
    ejection.probe();
    times.push(ejection.failed(ejection.term, LIMITS, 0, 0));
  }
  assert.deepEqual(times, [2_000, 4_000, 8_000, 8_000, 8_000]);
});

test('a probe that succeeds brings it back, and the doublings are remembered', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  ejection.probe();
  assert.equal(ejection.succeeded(ejection.term, 1_000), true);
  assert.equal(ejection.state, 'in');
  assert.equal(failTimes(ejection, 3, 1_000), 2_000, 'what was learnt does not reset');
});

test('each stretch of good time takes one doubling back', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  for (let probe = 0; probe < 2; probe++) {
    ejection.probe();
    ejection.failed(ejection.term, LIMITS, 0, 0);
  }
  ejection.probe();
  ejection.succeeded(ejection.term, 0);
  assert.equal(failTimes(ejection, 3, 20_000), 2_000, 'three doublings less two');
  ejection.probe();
  ejection.succeeded(ejection.term, 20_000);
  assert.equal(failTimes(ejection, 3, 1_000_000), 1_000, 'never less than none');
});

test('a verdict from before a move moves nothing', () => {
  const ejection = new Ejection();
  const old = ejection.term;
  failTimes(ejection, 3, 0);
  assert.equal(ejection.succeeded(old, 0), false);
  assert.equal(ejection.failed(old, LIMITS, 0, 0), 0);
  assert.equal(ejection.undecided(old, 0), false);
  assert.equal(ejection.state, 'out');
  ejection.probe();
  assert.equal(ejection.succeeded(old, 0), false);
  assert.equal(ejection.state, 'probing');
});

test('a failure from before the probe does not fail the probe', () => {
  const ejection = new Ejection();
  const old = ejection.term;
  failTimes(ejection, 3, 0);
  ejection.probe();
  assert.equal(ejection.failed(old, LIMITS, 1_000, 0), 0);
  assert.equal(ejection.state, 'probing');
});

test('a failure while it is out does not make it longer', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  assert.equal(ejection.failed(ejection.term, LIMITS, 500, 0), 0);
  assert.equal(ejection.until, 1_000);
});

test('a success while it is out, as in panic, does not bring it back before its time: half of its answers may fail', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  assert.equal(ejection.succeeded(ejection.term, 10), false);
  assert.equal(ejection.state, 'out');
  ejection.probe();
  assert.equal(ejection.succeeded(ejection.term, 5_000), true);
  assert.equal(ejection.state, 'in');
});

test('a probe without a verdict lets the next call try at once', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  ejection.probe();
  assert.equal(ejection.undecided(ejection.term, 5_000), true);
  assert.equal(ejection.state, 'out');
  assert.equal(ejection.until, 5_000);
});

test('no verdict says nothing while it is in rotation', () => {
  const ejection = new Ejection();
  failTimes(ejection, 2, 0);
  assert.equal(ejection.undecided(ejection.term, 0), false);
  assert.equal(ejection.failures, 2);
});

test('0 failures switches it off: nothing is put out', () => {
  const ejection = new Ejection();
  assert.equal(failTimes(ejection, 100, 0, { ...LIMITS, failures: 0 }), 0);
  assert.equal(ejection.state, 'in');
});

test('a policy that switches it off while it probes brings it back, whatever the probe says', () => {
  const ejection = new Ejection();
  failTimes(ejection, 3, 0);
  ejection.probe();
  assert.equal(ejection.failed(ejection.term, { ...LIMITS, failures: 0 }, 1_000, 0), 0);
  assert.equal(ejection.state, 'in');
});

test('a lower limit that comes while failures are counted holds at the next failure', () => {
  const ejection = new Ejection();
  failTimes(ejection, 4, 0, { ...LIMITS, failures: 5 });
  assert.equal(failTimes(ejection, 1, 0, { ...LIMITS, failures: 2 }), 1_000);
});
