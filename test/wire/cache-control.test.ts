import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCacheControl } from '../../src/wire/cache-control.ts';
import { fc } from '../support/fast-check.ts';

const NOTHING = parseCacheControl('');

test('what says nothing allows and forbids nothing', () => {
  assert.deepEqual(NOTHING, {
    noStore: false,
    noCache: false,
    private: false,
    public: false,
    mustRevalidate: false,
    maxAge: undefined,
    sharedMaxAge: undefined,
    staleWhileRevalidate: undefined,
    staleIfError: undefined,
  });
});

test('directives are read whatever their case, order and spaces', () => {
  for (const text of [
    'public, max-age=60, s-maxage=120, stale-while-revalidate=30, stale-if-error=600',
    'PUBLIC ,Max-Age=60,s-maxage = "120" , Stale-While-Revalidate=30,stale-if-error=600',
    'something-new, public, ext="a, no-store", max-age=60, s-maxage=120, stale-while-revalidate=30, stale-if-error=600',
  ]) {
    assert.deepEqual(parseCacheControl(text), {
      ...NOTHING,
      public: true,
      maxAge: 60_000,
      sharedMaxAge: 120_000,
      staleWhileRevalidate: 30_000,
      staleIfError: 600_000,
    });
  }
});

test('private and no-cache hold also where they name fields', () => {
  const { private: isPrivate, noCache } = parseCacheControl('private="set-cookie", no-cache="x"');
  assert.ok(isPrivate && noCache);
});

test('both words for it say that what is stale must not be given', () => {
  assert.ok(parseCacheControl('must-revalidate').mustRevalidate);
  assert.ok(parseCacheControl('max-age=1, proxy-revalidate').mustRevalidate);
});

test('a time that can not be read is none, one that is too long is bounded, and the first that is said counts', () => {
  for (const bad of ['max-age=', 'max-age', 'max-age=-1', 'max-age=1.5', 'max-age=soon', 'max-age="1e3"']) {
    assert.equal(parseCacheControl(bad).maxAge, 0, bad);
  }
  assert.equal(parseCacheControl('max-age=99999999999999').maxAge, 2 ** 31 * 1_000);
  assert.equal(parseCacheControl('max-age=1, max-age=1000').maxAge, 1_000);
});

test('no text is too odd to be read, and none takes long', () => {
  const piece = fc.constantFrom('no-store', 'private', 'max-age', '=', '"', '\\', ',', ' ', '1', 'é', '\t');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 2_000 }),
        fc.array(piece).map((parts) => parts.join('')),
      ),
      (text) => {
        const { maxAge = 0, staleIfError = 0 } = parseCacheControl(text);
        assert.ok(maxAge >= 0 && staleIfError >= 0);
      },
    ),
  );
  assert.ok(parseCacheControl(`${'"'.repeat(20_000)}${' ='.repeat(20_000)}`));
});

test('what an answer says takes no longer to read than it is long', () => {
  const blanks = ' '.repeat(16_000);
  for (const text of [
    `a${blanks}x`,
    `a=${blanks}x y`,
    `a=${blanks}"`,
    `a="${blanks}`,
    `a=""${blanks}x`,
    `,${blanks}@`,
  ]) {
    let least = Number.POSITIVE_INFINITY; // others of the process, such as who collects garbage, are counted as well
    for (let time = 0; time < 3; time++) {
      const begun = process.cpuUsage();
      parseCacheControl(text);
      least = Math.min(least, process.cpuUsage(begun).user);
    }
    assert.ok(least < 200_000, `${text.trim().slice(0, 3)}: ${least} us`); // milliseconds, and once most of a second
  }
});
