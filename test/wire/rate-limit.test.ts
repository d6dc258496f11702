import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatRateLimit,
  formatRateLimitPolicy,
  parseRateLimit,
  type QuotaLeft,
  readQuotaLeft,
} from '../../src/wire/rate-limit.ts';

const EPOCH = Date.UTC(2026, 0, 1);

const standard: Readonly<Record<string, QuotaLeft | undefined>> = {
  '"default";r=50;t=30': { left: 50, resetMs: 30_000 },
  'default;r=50;t=30': { left: 50, resetMs: 30_000 },
  '"default";r=999;pk=:dHJpYWwxMjEzMjM=:': { left: 999, resetMs: 0 },
  '"protected";r=0;t=5': { left: 0, resetMs: 5_000 },
  '"a";r=100;t=60, "b";r=10;t=60': { left: 10, resetMs: 60_000 },
  '"a";r=100;t=60,\t"b";r=5;t=1': { left: 100, resetMs: 60_000 },
  '"a, \\"b\\";r=1";r=7;t=1': { left: 7, resetMs: 1_000 },
  '"a"; r=7; t=1': { left: 7, resetMs: 1_000 },
  '"a";r=7;r=3;t=1': { left: 3, resetMs: 1_000 },
  '"a";x;y=?1;z=1.5;n=tok;r=2;t=1': { left: 2, resetMs: 1_000 },
  '"a";t=30': undefined,
  '"a";r=-1;t=30': undefined,
  '"a";r=1.5;t=30': undefined,
  '"a";r="1";t=30': undefined,
  '"a";r=1;t=99999999': undefined,
  '"a";r=1;t=30,': undefined,
  '"a;r=1;t=30': undefined,
  '"a";R=1;t=30': undefined,
  '50': undefined,
  '': undefined,
  'limit=100, remaining=50, reset=50': undefined,
};

for (const [field, left] of Object.entries(standard)) {
  test(`RateLimit '${field}' says ${left === undefined ? 'nothing' : `${left.left} in ${left.resetMs} ms`}`, () => {
    assert.deepEqual(parseRateLimit(field), left);
  });
}

test('a field that is too long says nothing, and does not take long to say it', () => {
  assert.equal(parseRateLimit(`"a";r=1;t=1${', "b";r=1'.repeat(1_000)}`), undefined);
});

const read = (headers: Record<string, string>, status = 200) => readQuotaLeft((name) => headers[name], status, EPOCH);

test('X-RateLimit fields are read, with a reset in seconds or as a moment', () => {
  assert.deepEqual(read({ 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': '30' }), { left: 12, resetMs: 30_000 });
  const moment = String(EPOCH / 1_000 + 45);
  assert.deepEqual(read({ 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': moment }), { left: 12, resetMs: 45_000 });
  const older = { 'x-ratelimit-remaining': '9, 9;w=1', 'x-ratelimit-reset': '1' };
  assert.deepEqual(read(older), { left: 9, resetMs: 1_000 });
  assert.equal(read({ 'x-ratelimit-remaining': '12' }), undefined);
  assert.equal(read({ 'x-ratelimit-remaining': 'many', 'x-ratelimit-reset': '30' }), undefined);
  const past = String(EPOCH / 1_000 - 45);
  assert.deepEqual(read({ 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': past }), { left: 12, resetMs: 0 });
});

test('what earlier drafts had is read as well', () => {
  assert.deepEqual(read({ ratelimit: 'limit=100, remaining=50, reset=30' }), { left: 50, resetMs: 30_000 });
  assert.deepEqual(read({ 'ratelimit-remaining': '7', 'ratelimit-reset': '3' }), { left: 7, resetMs: 3_000 });
  assert.equal(read({ ratelimit: 'limit=100, remaining=5x, reset=30' }), undefined);
  assert.equal(read({ ratelimit: 'limit=100, remaining=50' }), undefined);
  assert.equal(read({ ratelimit: 'xremaining=50, reset=30' }), undefined);
});

test('Retry-After of a 429 wins over RateLimit, and RateLimit over what was before it', () => {
  const all = { 'retry-after': '7', ratelimit: '"a";r=5;t=3', 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '2' };
  assert.deepEqual(read(all, 429), { left: 0, resetMs: 7_000 });
  assert.deepEqual(read(all, 200), { left: 5, resetMs: 3_000 });
  assert.equal(read({}), undefined);
});

test('what is written is what the draft has, and is read again', () => {
  assert.equal(formatRateLimit('per-caller', 5.9, 2_100), '"per-caller";r=5;t=3');
  assert.deepEqual(parseRateLimit(formatRateLimit('per-caller', 5.9, 2_100)), { left: 5, resetMs: 3_000 });
  assert.equal(formatRateLimitPolicy('per-caller', 1_000, 60_000), '"per-caller";q=1000;w=60');
  assert.equal(formatRateLimitPolicy('burst', 10, 100), '"burst";q=100;w=1');
});
