import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatB3, parseB3, parseB3Multi, writeB3Multi } from '../../src/wire/b3.ts';

const TRACE = '80f198ee56343ba864fe8b2a57d3eff7';
const SHORT = '64fe8b2a57d3eff7';
const SPAN = 'e457b5a2e4d86bd1';
const trace = (flags: number, traceId = TRACE) => ({ traceId, parentId: SPAN, flags, state: '' });

const multi = (headers: Record<string, string>) => parseB3Multi((name) => headers[name]);

test('the one header names trace, span, whether it is sampled, and the span before', () => {
  assert.deepEqual(parseB3(`${TRACE}-${SPAN}-1-05e3ac9a4f6e3b90`), trace(1));
  assert.deepEqual(parseB3(`${TRACE}-${SPAN}-1`), trace(1));
  assert.deepEqual(parseB3(`${TRACE}-${SPAN}-0`), trace(0));
  assert.deepEqual(parseB3(`${TRACE}-${SPAN}-d`), trace(1));
  assert.deepEqual(parseB3(`${TRACE}-${SPAN}`), trace(1));
  assert.deepEqual(parseB3(`${SHORT}-${SPAN}-1`), trace(1, `0000000000000000${SHORT}`));
});

test('what is not as it must be is no trace', () => {
  const bad = [
    '',
    '0',
    '1',
    'd',
    TRACE,
    `${TRACE}-`,
    `${TRACE}-${SPAN}-2`,
    `${TRACE}-${SPAN}-true`,
    `${TRACE}-${SPAN}-1-`,
  ];
  const worse = [`${'0'.repeat(32)}-${SPAN}-1`, `${TRACE}-${'0'.repeat(16)}-1`, `${TRACE.toUpperCase()}-${SPAN}-1`];
  const worst = [` ${TRACE}-${SPAN}`, `${TRACE}-${SPAN}\n`, `${TRACE}0-${SPAN}`, 'x'.repeat(10_000)];
  for (const text of [...bad, ...worse, ...worst]) assert.equal(parseB3(text), undefined, JSON.stringify(text));
  assert.equal(parseB3(undefined), undefined);
});

test('the several headers say the same', () => {
  const ids = { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN };
  assert.deepEqual(multi(ids), trace(1));
  for (const sampled of ['1', 'true', 'True']) assert.deepEqual(multi({ ...ids, 'x-b3-sampled': sampled }), trace(1));
  for (const sampled of ['0', 'false']) assert.deepEqual(multi({ ...ids, 'x-b3-sampled': sampled }), trace(0));
  assert.deepEqual(multi({ ...ids, 'x-b3-flags': '1', 'x-b3-sampled': '0' }), trace(1));
  assert.deepEqual(multi({ ...ids, 'x-b3-traceid': SHORT }), trace(1, `0000000000000000${SHORT}`));
  assert.equal(multi({ ...ids, 'x-b3-sampled': 'maybe' }), undefined);
  assert.equal(multi({ 'x-b3-sampled': '1' }), undefined);
  assert.equal(multi({ ...ids, 'x-b3-spanid': 'x' }), undefined);
  assert.equal(multi({ ...ids, 'x-b3-traceid': '0'.repeat(16) }), undefined);
});

test('what is written says what the traceparent says, and reads back as that', () => {
  for (const flags of ['00', '01', '02', '03']) {
    const traceparent = `00-${TRACE}-${SPAN}-${flags}`;
    const sampled = Number(flags) & 1;
    assert.equal(formatB3(traceparent), `${TRACE}-${SPAN}-${sampled}`);
    assert.deepEqual(parseB3(formatB3(traceparent)), trace(sampled));
    const headers: Record<string, string> = {};
    writeB3Multi(headers, traceparent);
    assert.deepEqual(headers, { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': `${sampled}` });
    assert.deepEqual(multi(headers), trace(sampled));
  }
});
