import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Journal } from '../../examples/demo/journal.ts';
import { readOptions } from '../../examples/demo/options.ts';
import { type Server, Show } from '../../examples/demo/show.ts';
import { bar, count, type Line, millis, paint } from '../../examples/demo/text.ts';
import { picture } from '../../examples/demo/view.ts';

const text = (line: Line): string => line.map(([piece]) => piece).join('');

/** A show in which `a` has most of the calls, `b` is out and `c` was killed. */
function aShow(): Show {
  const servers = ['a', 'b', 'c'].map(
    (name, at): Server => ({ name, weight: 1, answerMs: 20, address: `127.0.0.1:3000${at}`, condition: 'well' }),
  );
  servers[2]!.condition = 'killed';
  const show = new Show(servers);
  const figures = { calls: 1234, failed: 0, p50: 9.96, p90: 20.4, p99: 1_200 };
  const why = 'not picked: out for another 1s776ms after 3 failures in a row';
  show.hear({
    total: figures,
    attempts: 1240,
    deeds: [
      { is: 'retry', why: 'ECONNRESET' },
      { is: 'retry', why: 'ECONNRESET' },
      { is: 'retry', why: 'status 503' },
      { is: 'ejected', address: '127.0.0.1:30001', failures: 3, forMs: 1_800 },
    ],
    endpoints: [
      { address: '127.0.0.1:30000', state: 'in', why: '', attempts: 9, ms: 180 },
      { address: '127.0.0.1:30001', state: 'out', why, attempts: 3, ms: 60 },
    ],
  });
  return show;
}

test('the picture shows share, latency and health of each server, and what the mesh did', () => {
  const lines = picture(aShow(), { seconds: 20, columns: 100, rows: 40 }).map(text);
  assert.match(lines.find((line) => line.includes('30000'))!, /● a .* 75 % +90 +20 ms +in rotation/);
  assert.match(lines.find((line) => line.includes('30001'))!, /✕ b .* 25 % +30 +20 ms +out 1\.8 s/);
  assert.match(lines.find((line) => line.includes('30002'))!, /✕ c .* 0 % +0 +– +killed, off the list/);
  assert.match(
    lines.find((line) => line.includes('with the mesh'))!,
    / 1 234 +0 +10\.0 ms +20 ms +1200 ms +3 retries, 1 ejection/,
  );
  const journal = lines.slice(-10).join('\n');
  assert.match(journal, /↻ 3 calls tried again elsewhere: 2 × ECONNRESET, 1 × status 503/);
  assert.match(journal, /✕ b ejected for 1\.8 s after 3 failures in a row/);
});

test('the picture is never wider nor higher than the terminal', () => {
  const show = aShow();
  for (const columns of [20, 60, 80, 200]) {
    for (const line of picture(show, { seconds: 20, columns, rows: 24 })) {
      assert.ok(
        paint(
          line.map(([piece]) => [piece] as const),
          columns - 1,
        ).length < columns,
      );
    }
  }
  for (const rows of [16, 20, 24, 50]) {
    assert.ok(picture(show, { seconds: 20, columns: 80, rows }).length <= Math.max(rows - 1, 12));
  }
});

test('the picture has the same number of lines whatever has happened, so that nothing jumps', () => {
  const frame = { seconds: 20, columns: 80, rows: 40 };
  assert.equal(picture(aShow(), frame).length, picture(new Show(aShow().servers), frame).length);
});

test('lines that may still change are printed once nothing is added to them', () => {
  const journal = new Journal((address) => address);
  journal.mesh(1, { is: 'retry', why: 'ECONNRESET' });
  journal.mesh(1.5, { is: 'retry', why: 'ECONNRESET' });
  assert.deepEqual(journal.take(1.9).map(text), []);
  assert.deepEqual(journal.take(3).map(text), ['    1.0 s  ↻ 2 calls tried again elsewhere: ECONNRESET']);
  journal.mesh(3.5, { is: 'retry', why: 'ECONNRESET' });
  journal.stage(4, 'a is killed');
  const printed = journal.take(4).map(text);
  assert.deepEqual(printed, ['    3.5 s  ↻ 1 call tried again elsewhere: ECONNRESET', '    4.0 s  ▶ a is killed']);
});

test('bars are exact to an eighth of a column, and as wide as they were told to be', () => {
  assert.equal(bar(0, 4), '    ');
  assert.equal(bar(1, 4), '████');
  assert.equal(bar(0.5, 4), '██  ');
  assert.equal(bar(1 / 32, 4), '▏   ');
  assert.equal(bar(0.9, 4), '███▋');
  assert.equal(bar(7, 4), '████');
});

test('numbers are written for people', () => {
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(count), ['0', '999', '1 000', '1 234 567']);
  assert.deepEqual([0, 0.96, 9.94, 10.4, 1_234].map(millis), ['–', '1.0 ms', '9.9 ms', '10 ms', '1234 ms']);
});

test('the options of the demo have defaults, and mistakes are named', () => {
  assert.deepEqual(readOptions([]), { seconds: 20, plain: false, trace: false, registry: undefined, help: false });
  assert.equal(readOptions(['--seconds', '7.5', '--plain', '--registry', 'local:']).seconds, 7.5);
  assert.throws(() => readOptions(['--seconds', '601']), /--seconds must be from 5 to 600, got '601'/);
});
