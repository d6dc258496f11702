import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../../src/testing/virtual-clock.ts';
import { aFolder } from './a-folder.ts';

for (const oneShot of [false, true]) {
  test(`what is told at any moment of the work is not lost${oneShot ? ', on servers whose watches tell once' : ''}`, async () => {
    for (let moment = 0; moment < 60; moment++) {
      const { open, found, put, remove } = aFolder({ oneShot });
      put('a', 1_000);
      const nodes = open();
      await settled();
      put('b', 2_000);
      for (let step = 0; step < moment; step++) await Promise.resolve();
      put('c', 3_000); // in the midst of reading b, or just as that ends
      put('a', 1_001);
      await settled();
      assert.equal(found(), '1001,2000,3000', `at moment ${moment}`);
      put('d', 4_000);
      for (let step = 0; step < moment; step++) await Promise.resolve();
      remove('d');
      await settled();
      assert.equal(found(), '1001,2000,3000', `at moment ${moment}`);
      nodes.close();
    }
  });
}

for (const oneShot of [false, true]) {
  test(`a service that comes while it is asked for is known, whole${oneShot ? ', on servers whose watches tell once' : ''}`, async () => {
    for (let moment = 0; moment < 60; moment++) {
      const { open, found, put, remove, close } = aFolder({ oneShot, there: false });
      const pass = async () => {
        for (let step = 0; step < moment; step++) await Promise.resolve();
      };
      const nodes = open();
      await pass(); // it has not been asked for, or the answer that it is not there is on its way, or was heard
      put('a', 1_000);
      put('b', 2_000);
      await settled();
      assert.equal(found(), '1000,2000', `at moment ${moment}`);
      remove('a');
      remove('b');
      close();
      await pass();
      put('c', 3_000);
      await settled();
      assert.equal(found(), '3000', `at moment ${moment}`);
      nodes.close();
    }
  });
}

for (const oneShot of [false, true]) {
  for (const resumed of [false, true]) {
    const how = `${resumed ? 'goes on' : 'has ended'}${oneShot ? ', on servers whose watches tell once' : ''}`;
    test(`whenever a connection goes, and another comes, the truth is known after: the session ${how}`, async () => {
      for (let moment = 0; moment < 80; moment++) {
        const { open, env, put, remove, cut, connect, found, truth } = aFolder({ oneShot });
        const pass = async (steps: number) => {
          for (let step = 0; step < steps; step++) await Promise.resolve();
        };
        put('a', 1_000);
        put('b', 2_000);
        const nodes = open();
        await settled();
        put('c', 3_000);
        await pass(moment); // c is being read, or has been
        put('a', 1_001);
        cut();
        put('d', 4_000);
        remove('c');
        put('b', 2_001);
        connect(resumed);
        await pass(moment); // they are being listed, or read, or verified
        put('b', 2_002);
        cut();
        remove('d');
        put('e', 5_000);
        connect(resumed);
        await pass(moment);
        remove('e');
        put('e', 5_001);
        await env.clock.advance(10_000);
        assert.equal(found(), truth(), `at moment ${moment}`);
        put('f', 6_000);
        await settled();
        assert.equal(found(), truth(), `at moment ${moment}, of what came later`);
        cut();
        connect(resumed);
        await env.clock.advance(10_000);
        assert.equal(found(), truth(), `at moment ${moment}, where nothing happened`);
        nodes.close();
        assert.equal(env.clock.pending, 0);
      }
    });
  }
}

test('a service whose instances change without end is told all the same, each as new as it may be', async () => {
  const { open, found, put, told } = aFolder();
  for (let at = 0; at < 5; at++) put(`i${at}`, 1_000 + at);
  const nodes = open();
  await settled();
  assert.equal(told(), 1);
  let port = 2_000;
  const churn = (async () => {
    while (port < 5_000) {
      put('busy', port++); // before what was asked of it is answered
      await Promise.resolve();
    }
  })();
  for (let turn = 0; turn < 1_000; turn++) await Promise.resolve();
  assert.ok(port < 5_000 && told() > 5, `told ${told()} times in ${port - 2_000} changes`);
  assert.match(found(), /^1000,1001,1002,1003,1004,[2-4]\d\d\d$/);
  put('other', 9_000);
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  assert.match(found(), /,9000$/);
  await churn;
  await settled();
  assert.equal(found(), `1000,1001,1002,1003,1004,${port - 1},9000`);
  nodes.close();
});

test('a tree that was wiped is read anew, whole, though its numbers are those of the old one', async () => {
  const { open, found, put, wipe, doubts, asked } = aFolder();
  put('a', 1_000);
  put('b', 2_000);
  const nodes = open();
  await settled();
  assert.equal(found(), '1000,2000');
  assert.deepEqual(doubts, []);
  wipe({ a: 1_001, c: 3_000 });
  await settled();
  assert.equal(found(), '1001,3000');
  assert.deepEqual(doubts, [1], 'whoever is missed then is told to be in doubt first');
  asked();
  nodes.close();
});

test('a tree that was wiped, and has gone beyond the moment that we knew, is another tree all the same', async () => {
  const { open, found, put, wipe, doubts, zxid } = aFolder();
  put('a', 1_000);
  const nodes = open();
  await settled();
  wipe({ b: 2_000 }, zxid()); // so no server hangs up on us: our session is one that it never heard of
  await settled();
  assert.equal(found(), '2000');
  assert.deepEqual(doubts, [1], 'whoever is missed then may only not have come back yet');
  nodes.close();
});

test('a tree that was only away for long is not read anew: one look at the folder tells that it is the same', async () => {
  const { open, put, longAway, doubts, asked } = aFolder();
  for (let at = 0; at < 100; at++) put(`i${at}`, 1_000 + at);
  const nodes = open();
  await settled();
  asked();
  longAway();
  await settled();
  assert.deepEqual(asked(), ['addWatch', 'exists']);
  assert.deepEqual(doubts, []);
  nodes.close();
});

test('a record that we may not read is asked for again after a while, and found once we may', async () => {
  const { open, found, put, forbidden, env, asked } = aFolder();
  put('a', 1_000);
  put('locked', 2_000);
  forbidden.add('locked');
  const nodes = open();
  await settled();
  assert.equal(found(), '1000');
  assert.equal(nodes.unreadable.count, 1);
  asked();
  await env.clock.advance(20_000);
  assert.deepEqual(asked(), []);
  await env.clock.advance(100_000);
  assert.ok(asked().length < 10, 'not often');
  forbidden.delete('locked');
  await env.clock.advance(60_000);
  assert.equal(found(), '1000,2000');
  assert.equal(nodes.unreadable.count, 0);
  nodes.close();
  await env.clock.advance(200_000);
  assert.equal(env.clock.pending, 0);
});
