import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { LogWriter } from '../../src/telemetry/log-writer.ts';
import { VirtualClock } from '../../src/testing.ts';
import { FakeTarget } from './log-target.ts';

function aWriter() {
  const [clock, target, lost] = [new VirtualClock(), new FakeTarget(), [] as number[]];
  return { clock, target, lost, writer: new LogWriter(target, clock, (lines) => lost.push(lines)) };
}

const LINE = `${'x'.repeat(1_023)}\n`;

test('lines are written together, a second after the first at the latest, by a timer that holds no process', async () => {
  const { clock, target, writer } = aWriter();
  writer.add('a\n');
  writer.add('b\n');
  assert.deepEqual([target.written, clock.pending], [[], 0]);
  await clock.advance(1_000);
  assert.deepEqual(target.written, ['a\nb\n']);
  assert.equal(clock.scheduled, 0);
});

test('many lines are written at once', () => {
  const { clock, target, writer } = aWriter();
  for (let i = 0; i < 16; i++) writer.add(LINE);
  assert.deepEqual(target.written, [LINE.repeat(16)]);
  assert.equal(clock.scheduled, 0);
});

test('while the target is busy lines are kept up to a bound, the rest is dropped, counted and told', async () => {
  const { clock, target, lost, writer } = aWriter();
  target.full = true;
  for (let i = 0; i < 16; i++) writer.add(LINE);
  for (let i = 0; i < 2_000; i++) writer.add(LINE);
  assert.equal(target.written.length, 1);
  assert.equal(writer.dropped, 2_000 - 1_023);
  await clock.advance(1_000);
  assert.deepEqual(lost, [2_000 - 1_023], 'it is told though nobody takes lines yet');
  for (let i = 0; i < 9; i++) writer.add(LINE);
  target.full = false;
  target.emit('drain');
  assert.equal(target.lines.length, 16 + 1_023);
  assert.deepEqual(lost, [2_000 - 1_023, 9]);
  await writer.close();
  assert.equal(clock.scheduled, 0);
});

test('a target that is busy again and again is listened to once at a time', () => {
  const { target, writer } = aWriter();
  for (let time = 0; time < 20; time++) {
    target.full = true;
    for (let i = 0; i < 16; i++) writer.add(LINE);
    assert.deepEqual([target.listenerCount('drain'), target.listenerCount('close')], [1, 1]);
    target.full = false;
    target.emit('drain');
  }
  assert.equal(target.written.length, 20);
  target.full = true;
  for (let i = 0; i < 16; i++) writer.add(LINE);
  writer.add('last\n');
  target.full = false;
  target.emit('close');
  assert.equal(target.lines.at(-1), 'last', 'one that closes before it drains is heard');
});

test('closing writes what is left, and waits for a busy target no longer than a second', async () => {
  const { clock, target, writer } = aWriter();
  writer.add('a\n');
  target.full = true;
  const closing = writer.close();
  writer.add('b\n');
  await clock.advance(1_000);
  await closing;
  assert.deepEqual(target.written, ['a\n']);
  assert.equal(writer.dropped, 1);
  assert.equal(clock.scheduled, 0);
});

test('closing ends as soon as a busy target has taken all', async () => {
  const { clock, target, writer } = aWriter();
  target.full = true;
  writer.add('a\n');
  const closing = writer.close();
  target.full = false;
  target.emit('drain');
  await closing;
  assert.equal(clock.scheduled, 0);
  assert.equal(writer.dropped, 0);
});

test('a target that throws or takes no more for ever costs its lines and nothing else', async () => {
  const { target, lost, writer } = aWriter();
  target.writable = false;
  writer.add('a\n');
  await writer.close();
  const broken = aWriter();
  broken.target.write = () => {
    throw new Error('its own fault');
  };
  broken.writer.add('a\n');
  await broken.writer.close();
  assert.deepEqual([target.written, lost, broken.lost], [[], [1], [1]]);
});

test('a target that goes wrong ends no process: what comes later is dropped, and told of', async () => {
  const clock = new VirtualClock();
  const lost: number[] = [];
  const pipe = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const [writer, other] = [0, 1].map(() => new LogWriter(pipe, clock, (lines) => lost.push(lines)));
  assert.equal(pipe.listenerCount('error'), 1);
  const closed = new Promise((resolve) => pipe.once('close', resolve));
  writer!.add('one\n');
  await clock.advance(1_000);
  await closed;
  writer!.add('two\n');
  other!.add('three\n');
  await clock.advance(1_000);
  await Promise.all([writer!.close(), other!.close()]);
  assert.deepEqual([writer!.dropped, other!.dropped, lost], [1, 1, [1, 1]]);
});
