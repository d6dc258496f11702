import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEnvoyTimeout, formatGrpcTimeout, parseFinagleDeadline, parseTimeLeft } from '../../src/wire/deadline.ts';

const DAY_MS = 86_400_000;

test('Envoy’s header is a whole number of milliseconds', () => {
  assert.equal(parseTimeLeft('1500', undefined), 1_500);
  assert.equal(parseTimeLeft('1', undefined), 1);
});

test('0 of Envoy means that there is no limit', () => {
  assert.equal(parseTimeLeft('0', undefined), undefined);
});

const grpc: Readonly<Record<string, number>> = {
  '1H': 3_600_000,
  '2M': 120_000,
  '3S': 3_000,
  '250m': 250,
  '1500u': 1.5,
  '99999999n': 99.999999,
  '0m': 0,
  '00000001S': 1_000,
};

for (const [text, ms] of Object.entries(grpc)) {
  test(`gRPC's '${text}' is ${ms} milliseconds`, () => {
    const left = parseTimeLeft(undefined, text)!;
    assert.ok(Math.abs(left - ms) < 1e-9, `${left}`);
  });
}

test('where both headers stand, the shorter counts', () => {
  assert.equal(parseTimeLeft('100', '1S'), 100);
  assert.equal(parseTimeLeft('5000', '1S'), 1_000);
});

test('one that can not be read does not spoil the other', () => {
  assert.equal(parseTimeLeft('soon', '1S'), 1_000);
  assert.equal(parseTimeLeft('100', 'soon'), 100);
});

test('more than a day is a day', () => {
  assert.equal(parseTimeLeft('9999999999', undefined), DAY_MS);
  assert.equal(parseTimeLeft(undefined, '99999999H'), DAY_MS);
});

for (const hostile of [
  '',
  ' ',
  '-5',
  '+5',
  '1.5',
  '1e3',
  '0x10',
  ' 5',
  '5 ',
  '5,5',
  'NaN',
  'Infinity',
  '99999999999',
  '5\r\nx: y',
  '５',
]) {
  test(`Envoy's header of ${JSON.stringify(hostile)} counts as absent`, () => {
    assert.equal(parseTimeLeft(hostile, undefined), undefined);
  });
}

const noGrpcTimeout = ['', 'm', '5', '5s', '5h', '123456789m', '-5m', '5 m', '5mm', '1.5S', '5m\n', '５m', 'infinity'];
for (const hostile of noGrpcTimeout) {
  test(`gRPC's header of ${JSON.stringify(hostile)} counts as absent`, () => {
    assert.equal(parseTimeLeft(undefined, hostile), undefined);
  });
}

test('what is left is rounded down, so that nobody believes to have more', () => {
  assert.equal(formatEnvoyTimeout(99.99), '99');
  assert.equal(formatGrpcTimeout(99.99), '99m');
});

test('less than a millisecond is still a limit, not none', () => {
  assert.equal(formatEnvoyTimeout(0.2), '1');
  assert.equal(formatEnvoyTimeout(-5), '1');
  assert.equal(formatGrpcTimeout(0.2), '1m');
});

test('gRPC’s header never has more than 8 digits', () => {
  assert.equal(formatGrpcTimeout(99_999_999), '99999999m');
  assert.equal(formatGrpcTimeout(100_000_000), '100000S');
  assert.equal(formatGrpcTimeout(DAY_MS), '86400000m');
});

test("Finagle's header has the moment itself, in nanoseconds beyond what a double can count", () => {
  const epoch = 1_790_000_000_000;
  const left = (text: string | undefined) => parseFinagleDeadline(text, epoch);
  assert.equal(left('1789999999000000000 1790000000250000000'), 250);
  assert.equal(left('1789999999000000000 1789999999999000000'), -1);
  assert.equal(left('1 9999999999999999999'), 24 * 3_600_000);
  for (const odd of [undefined, '', '1', '1 -2', '1 2 3', '1 99999999999999999999', 'a b', '1.5 2']) {
    assert.equal(left(odd), undefined);
  }
});
