import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Nonces, NoncesOfAll } from '../../src/auth/nonces.ts';
import { fc } from '../support/fast-check.ts';

/** Nonces of which so many are kept; each is made when it is used, unless told. */
function bounded(most: number) {
  const nonces = new Nonces(1_000);
  return {
    use: (word: string, now: number, madeAt = now) => nonces.use(word, now, madeAt, most),
    get size() {
      return nonces.size;
    },
  };
}

test('a word is good for one use within the window, and forgotten after two', () => {
  const nonces = bounded(10);
  assert.equal(nonces.use('a', 0), 'first');
  assert.equal(nonces.use('a', 999), 'again');
  assert.equal(nonces.use('b', 1_000), 'first');
  assert.equal(nonces.use('a', 1_001), 'again'); // longer than need be, never shorter
  assert.equal(nonces.use('a', 3_000), 'first');
  assert.equal(nonces.size, 1);
});

test('when it is full it takes no more, and forgets none too early', () => {
  const nonces = bounded(3);
  for (const word of ['a', 'b', 'c']) assert.equal(nonces.use(word, 0), 'first');
  assert.equal(nonces.use('d', 999), 'full');
  assert.equal(nonces.use('a', 999), 'again');
  assert.equal(nonces.use('d', 2_000), 'first');
});

test('whenever a word comes again within the window, it is known', () => {
  const uses = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(700)), { maxLength: 60 });
  fc.assert(
    fc.property(uses, (steps) => {
      const [nonces, last] = [bounded(100), new Map<string, number>()];
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

test('what was made when others were that have been forgotten is not taken for new, should a clock be put back', () => {
  const nonces = bounded(10);
  assert.equal(nonces.use('a', 0, 100), 'first');
  assert.equal(nonces.use('b', 0, 90), 'first');
  assert.equal(nonces.use('c', 1_500, 1_600), 'first');
  assert.equal(nonces.use('x', 2_600, 100), 'again'); // `a` and `b` are forgotten
  assert.equal(nonces.use('x', 2_600, 101), 'first');
  assert.equal(nonces.use('y', 9_000, 1_600), 'again'); // all are
  assert.equal(nonces.use('y', 9_000, 1_601), 'first');
});

test('who uses many words uses up their own part and what nobody else needs, and nothing of the others', () => {
  const nonces = new NoncesOfAll(['a', 'b', 'c'], { windowMs: 1_000, most: 90, least: 5 });
  const uses = (name: string, many: number, now = 0): number => {
    let first = 0;
    for (let word = 0; word < many; word++) if (nonces.use(name, `${now} ${word}`, now, now) === 'first') first++;
    return first;
  };
  assert.equal(uses('a', 200), 90);
  assert.equal(nonces.use('a', 'one more', 0, 0), 'full');
  assert.equal(uses('b', 200), 30);
  assert.equal(uses('c', 200), 30);
  assert.equal(nonces.use('a', '0 0', 999, 999), 'again');
  assert.equal(nonces.use('b', '0 0', 999, 999), 'again'); // of b
  assert.equal(uses('b', 200, 2_000), 90);
  const many = new NoncesOfAll(
    Array.from({ length: 100 }, (_, at) => `${at}`),
    { windowMs: 1_000, most: 90, least: 5 },
  );
  for (let word = 0; word < 5; word++) assert.equal(many.use('7', `${word}`, 0, 0), 'first');
});

test('of the header that a word was cut out of nothing is kept', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const nonces = new Nonces(1_000);
  const heapUsed = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heapUsed();
  for (let at = 0; at < 5_000; at++) {
    const word = String(at).padStart(32, '0');
    const header = Buffer.from(`nonce="${word}"${' '.repeat(4_000)}`).toString('latin1'); // as a server hands it over
    assert.equal(nonces.use(header.slice(7, 39), 0, 0, 5_000), 'first');
  }
  const each = (heapUsed() - before) / nonces.size;
  assert.ok(each < 500, `${each} bytes each`);
});
