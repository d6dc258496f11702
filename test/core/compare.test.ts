import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyOf } from '../../src/core/compare.ts';
import { fc } from '../support/fast-check.ts';

test('plain data is copied whole, and what is done to it afterwards does not reach the copy', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.stringify(copyOf(value, 1_000_000)), JSON.stringify(value));
    }),
  );
  const value = { list: [{ a: 1 }], bytes: new Uint8Array([1, 2]) };
  const copy = copyOf(value, 1_000) as typeof value;
  value.list[0]!.a = 2;
  value.bytes[0] = 9;
  assert.deepEqual(copy, { list: [{ a: 1 }], bytes: new Uint8Array([1, 2]) });
});

test('what is larger than the limit is nothing, and is looked at no further than that', () => {
  assert.equal(copyOf('x'.repeat(1_000), 1_000), 'x'.repeat(1_000));
  assert.equal(copyOf('x'.repeat(1_001), 1_000), undefined);
  assert.equal(copyOf(new Uint8Array(1_001), 1_000), undefined);
  let looked = 0;
  const dear = new Proxy(
    {},
    {
      get: () => {
        looked++;
        return 1;
      },
    },
  );
  assert.equal(copyOf(['x'.repeat(2_000), dear], 1_000), undefined);
  assert.equal(looked, 0);
  assert.equal(copyOf(Array.from({ length: 1_000_000 }), 1_000), undefined);
});

test('what is not plain, goes round in circles, or throws when it is looked at is nothing', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const angry = {
    get it(): number {
      throw new Error('no');
    },
  };
  for (const value of [circle, angry, new Map(), () => {}, Symbol('x'), { at: new Date() }, new ReadableStream()]) {
    assert.equal(copyOf(value, 10_000), undefined);
  }
});

test('a name such as __proto__ is a name like any other', () => {
  const copy = copyOf(JSON.parse('{"__proto__": {"polluted": true}}'), 1_000) as object;
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.ok(Object.hasOwn(copy, '__proto__'));
});
