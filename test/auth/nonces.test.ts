import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nonces } from '../../src/auth/nonces.ts';
import { fc } from '../support/fast-check.ts';

test('a word is good for one use within the window, and forgotten after two', () => {
  const nonces = new Nonces(1_000, 10);
  assert.equal(nonces.use('a', 0), 'first');
  assert.equal(nonces.use('a', 999), 'again');
  assert.equal(nonces.use('b', 1_000), 'first');
  assert.equal(nonces.use('a', 1_001), 'again'); // longer than need be, never shorter
  assert.equal(nonces.use('a', 3_000), 'first');
  assert.equal(nonces.size, 1);
});

test('when it is full it takes no more, and forgets none too early', () => {
  const nonces = new Nonces(1_000, 3);
  for (const word of ['a', 'b', 'c']) assert.equal(nonces.use(word, 0), 'first');
  assert.equal(nonces.use('d', 999), 'full');
  assert.equal(nonces.use('a', 999), 'again');
  assert.equal(nonces.use('d', 2_000), 'first');
});

test('whenever a word comes again within the window, it is known', () => {
  const uses = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(700)), { maxLength: 60 });
  fc.assert(
    fc.property(uses, (steps) => {
      const [nonces, last] = [new Nonces(1_000, 100), new Map<string, number>()];
      let now = 0;
      for (const [word, pause] of steps) {
        now += pause;
        const seen = last.get(word);
        const use = nonces.use(word, now);
        if (seen === undefined) assert.equal(use, 'first');
        else if (now - seen < 1_000) assert.equal(use, 'again');
        if (use === 'first') last.set(word, now);
      }
    }),
  );
});
