import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, endpoint } from '../../src/core/endpoint.ts';
import { LastGood } from '../../src/discovery/last-good.ts';
import { fc } from '../support/fast-check.ts';

const made = new Map<string, Endpoint>();
const fresh = (id: number, weight: number): Endpoint => endpoint(`http://10.0.0.${id}`, { id: `i${id}`, weight });

/** The very object that said the same before: what most of a list is made of. */
function kept(id: number, weight: number): Endpoint {
  const found = made.get(`${id} ${weight}`) ?? fresh(id, weight);
  made.set(`${id} ${weight}`, found);
  return found;
}

const list = fc.uniqueArray(
  fc.record({ id: fc.nat({ max: 30 }), weight: fc.constantFrom(1, 1, 1, 2), kept: fc.constantFrom(true, true, false) }),
  { selector: ({ id }) => id, maxLength: 20 },
);

test('through any lists in any order, the list is that of the newest, in order, of the objects that were there before', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ list, sorted: fc.boolean() }), { maxLength: 12 }), (steps) => {
      const last = new LastGood();
      let told = 0;
      last.watch(() => told++);
      let before: readonly Endpoint[] | undefined;
      for (const step of steps) {
        const given = step.list.map(({ id, weight, kept: isKept }) => (isKept ? kept : fresh)(id, weight));
        if (step.sorted) given.sort((a, b) => (a.id < b.id ? -1 : 1));
        const hasTold = told;
        last.list([...given]);
        assert.ok(last.value.is === 'bound');
        const now = last.value.endpoints;
        assert.deepEqual(
          now,
          given.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        );
        assert.ok(Object.isFrozen(now));
        for (const one of now) {
          const was = before?.find(({ id }) => id === one.id);
          if (was?.weight === one.weight) assert.equal(one, was, 'what says the same is the same object');
        }
        const isSame = before?.length === now.length && before.every((one, at) => one === now[at]);
        assert.equal(told - hasTold, isSame ? 0 : 1);
        before = now;
      }
    }),
    { numRuns: 500 },
  );
});
