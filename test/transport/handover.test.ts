import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testEnv } from '../../src/testing/env.ts';
import { fixed } from '../../src/testing/random.ts';
import { Handover, type Sides } from '../../src/transport/handover.ts';

/** Connections as far as anybody looks: how many are free, and how many are being made. */
interface Side extends Sides {
  readonly name: string;
  free: number;
  making: number;
}

function aSide(name: string): Side {
  const side: Side = {
    name,
    free: 0,
    making: 0,
    connecting: () => side.making,
    get pool() {
      return { stats: { free: side.free } } as Sides['pool'];
    },
  };
  return side;
}

function handingOver(withinMs = 10_000, chance = 0.5) {
  const env = { ...testEnv(), random: { ...fixed(chance), bits: () => 0 } };
  const [old, next] = [aSide('old'), aSide('next')];
  const ended: unknown[] = [];
  const done = (made: Side, again: boolean) => void ended.push([made.name, again]);
  return { env, old, next, ended, handover: new Handover(env, withinMs, old, () => next, done) };
}

test('it begins at a moment of its own in the first half, and ends half of the time later', async () => {
  const { env, handover, ended } = handingOver(10_000, 0.5);
  await env.clock.advance(2_499);
  assert.equal(handover.side.name, 'old');
  await env.clock.advance(1);
  assert.equal(handover.side.name, 'next');
  await env.clock.advance(4_999);
  assert.deepEqual(ended, []);
  await env.clock.advance(1);
  assert.deepEqual(ended, [['next', false]]);
  assert.equal(env.clock.pending, 0);
});

test('a connection is made at a time, and requests go where one is free, else where they went', async () => {
  const { env, handover, next } = handingOver();
  await env.clock.advance(2_500);
  const went = (free: number, making: number) => {
    Object.assign(next, { free, making });
    return handover.side.name;
  };
  assert.equal(went(0, 0), 'next'); // it makes the first
  assert.equal(went(0, 1), 'old');
  assert.equal(went(1, 0), 'next');
  assert.equal(went(1, 1), 'next');
  assert.equal(went(0, 0), 'next'); // all that there are have work: one more
  handover.abandon();
});

test('a change before it has begun changes nothing; one after that has the new connections give way, too', async () => {
  const early = handingOver();
  early.handover.repeat();
  await early.env.clock.advance(10_000);
  assert.deepEqual(early.ended, [['next', false]]);
  const late = handingOver();
  await late.env.clock.advance(2_500);
  late.handover.repeat();
  await late.env.clock.advance(10_000);
  assert.deepEqual(late.ended, [['next', true]]);
});

test('what is abandoned ends no more, and gives what has been made to be closed', async () => {
  const early = handingOver();
  assert.equal(early.handover.abandon(), undefined);
  const late = handingOver();
  await late.env.clock.advance(2_500);
  assert.equal(late.handover.abandon(), late.next);
  for (const { env, ended } of [early, late]) {
    assert.equal(env.clock.pending, 0);
    await env.clock.advance(20_000);
    assert.deepEqual(ended, []);
  }
});
