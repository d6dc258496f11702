import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Linked, Ring } from '../../src/core/ring.ts';
import { fc } from '../support/fast-check.ts';

class Bead implements Linked {
  before: Linked = this;
  behind: Linked = this;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

const names = (ring: Ring<Bead>): number[] => [...ring].map(({ name }) => name);

test('things stand in the order they came, and may leave from anywhere', () => {
  const ring = new Ring<Bead>();
  const beads = [0, 1, 2, 3].map((name) => new Bead(name));
  for (const bead of beads) ring.add(bead);
  assert.deepEqual(names(ring), [0, 1, 2, 3]);
  ring.delete(beads[1]!);
  ring.delete(beads[0]!);
  ring.delete(beads[3]!);
  assert.equal(ring.first, beads[2]);
  ring.delete(beads[2]!);
  assert.equal(ring.isEmpty, true);
  assert.equal(ring.first, undefined);
});

test('taking out what is in no ring does nothing', () => {
  const ring = new Ring<Bead>();
  const [one, other] = [new Bead(1), new Bead(2)];
  ring.add(one);
  ring.delete(other);
  ring.delete(one);
  ring.delete(one);
  assert.equal(ring.isEmpty, true);
});

test('the one at hand may leave while all are looked at', () => {
  const ring = new Ring<Bead>();
  for (let name = 0; name < 5; name++) ring.add(new Bead(name));
  const seen: number[] = [];
  for (const bead of ring) {
    seen.push(bead.name);
    ring.delete(bead);
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  assert.equal(ring.isEmpty, true);
});

test('any of them may leave while all are looked at, and who has left is not looked at', () => {
  for (const leaving of [[1], [1, 2], [0, 1, 3], [0, 1, 2, 3], [3]]) {
    const ring = new Ring<Bead>();
    const beads = [0, 1, 2, 3].map((name) => new Bead(name));
    for (const bead of beads) ring.add(bead);
    const seen: number[] = [];
    for (const bead of ring) {
      seen.push(bead.name);
      if (seen.length > 4) break;
      for (const name of leaving) ring.delete(beads[name]!);
    }
    assert.deepEqual(
      seen,
      [0, 1, 2, 3].filter((name) => name === 0 || !leaving.includes(name)),
    );
  }
});

test('what has left holds on to nothing', () => {
  const ring = new Ring<Bead>();
  const beads = [0, 1, 2].map((name) => new Bead(name));
  for (const bead of beads) ring.add(bead);
  ring.delete(beads[1]!);
  assert.equal(beads[1]!.before, beads[1]);
  assert.equal(beads[1]!.behind, beads[1]);
});

test('through any comings and goings it is a list', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 9 })), { maxLength: 100 }), (steps) => {
      const ring = new Ring<Bead>();
      const beads = Array.from({ length: 10 }, (_, name) => new Bead(name));
      let model: number[] = [];
      for (const [comes, name] of steps) {
        if (comes && !model.includes(name)) {
          ring.add(beads[name]!);
          model.push(name);
        } else if (!comes) {
          ring.delete(beads[name]!);
          model = model.filter((other) => other !== name);
        }
        assert.deepEqual(names(ring), model);
        assert.equal(ring.isEmpty, model.length === 0);
      }
    }),
  );
});
