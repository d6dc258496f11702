// What would your policy do on a bad day? A fleet in virtual time says so within a second, and nothing is sent.
// A test of your own asks like this: a day that goes wrong, your policy beside another, and what has to come of it.
import assert from 'node:assert/strict';
import { type SimulationOptions, simulate } from 'inmesh/testing';

const day: SimulationOptions = {
  servers: [{}, {}, {}, {}, {}],
  clients: 4,
  perSecond: 500,
  seconds: 15,
  at: [
    [3_000, (servers) => servers.change({ ms: 100 }, 0)], // the first gets ten times slower
    [9_000, (servers) => servers.change({ ms: 10 }, 0)],
    [9_000, (servers) => servers.change({ is: 'refusing' }, 1)], // the second is gone without a word
  ],
};
const ours = await simulate({ ...day, policy: { deadline: { timeout: '300ms' } } });
const turns = await simulate({ ...day, balance: 'round-robin' });

assert.ok(ours.success > 0.999, 'nobody notices');
assert.ok(ours.quantile(0.99) < turns.quantile(0.99) / 2);

console.log('second  ours: failed  p99      in turn: failed  p99');
const rows = turns.timeline(3_000);
for (const [row, { at, ended, succeeded, p99 }] of ours.timeline(3_000).entries()) {
  const other = rows[row]!;
  const cells = [
    ended - succeeded,
    `${p99.toFixed(0)} ms`,
    other.ended - other.succeeded,
    `${other.p99.toFixed(0)} ms`,
  ];
  console.log([String(at / 1_000).padStart(6), ...cells.map((cell) => String(cell).padStart(12))].join(''));
}
