import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Baggage } from '../../src/wire/baggage.ts';
import { fc } from '../support/fast-check.ts';

test('whatever comes, what goes on is well-formed, within the limits, and reads back as itself', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(',', '=', ';', 'a=1'))),
      (parts) => {
        const { text } = Baggage.parse(parts.join(''));
        assert.match(text, /^[\x20-\x7e\t]*$/);
        assert.ok(text.length <= 8_192);
        assert.equal(Baggage.parse(text).text, text);
      },
    ),
  );
});

test('what is set is what is got', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (value) => {
      const set = Baggage.NONE.with('k', value);
      assert.equal(set.get('k'), value);
      assert.equal(Baggage.parse(set.text).get('k'), value);
    }),
  );
});
