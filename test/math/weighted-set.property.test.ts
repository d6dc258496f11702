import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PARTS } from '../../src/math/parts.ts';
import { WeightedSet } from '../../src/math/weighted-set.ts';
import { fc } from '../support/fast-check.ts';

const member = fc.integer({ min: 0, max: 20 });
const weight = fc.oneof(
  { weight: 3, arbitrary: fc.constant(1) }, // mostly even, as they mostly are
  { weight: 1, arbitrary: fc.constantFrom(0.001, 0.5, 2, 3, 7, 1_000) },
);
const part = fc.integer({ min: 0, max: PARTS - 1 });
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), member, weight }),
  fc.record({ do: fc.constant('delete' as const), member }),
  fc.record({ do: fc.constant('draw' as const), part }),
);

/** The same, the simple way: an array, in the order that the set promises. */
class Model {
  readonly all: { member: number; weight: number }[] = [];

  set(member: number, weight: number): void {
    const known = this.all.find((one) => one.member === member);
    if (known === undefined) this.all.push({ member, weight });
    else known.weight = weight;
  }

  delete(member: number): boolean {
    const at = this.all.findIndex((one) => one.member === member);
    if (at < 0) return false;
    const last = this.all.pop()!;
    if (at < this.all.length) this.all[at] = last;
    return true;
  }

  get total(): number {
    return this.all.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** Those that may rightly be drawn at `share`: one, or two where rounding decides. */
  near(share: number): number[] {
    const [at, slack] = [share * this.total, 1e-9 * this.total];
    let before = 0;
    return this.all
      .filter(({ weight }) => {
        const [from, to] = [before, before + weight];
        before = to;
        return at >= from - slack && at <= to + slack;
      })
      .map(({ member }) => member);
  }
}

test('a weighted set draws as an array of weights would, through any changes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const [set, model] = [new WeightedSet<number>(), new Model()];
      for (const taken of steps) {
        if (taken.do === 'set') {
          set.set(taken.member, taken.weight);
          model.set(taken.member, taken.weight);
        } else if (taken.do === 'delete') assert.equal(set.delete(taken.member), model.delete(taken.member));
        else {
          const drawn = set.draw(taken.part);
          if (model.all.length === 0) assert.equal(drawn, undefined);
          else assert.ok(model.near(taken.part / PARTS).includes(drawn!), `${drawn} at ${taken.part}`);
        }
        assert.equal(set.size, model.all.length);
        assert.ok(Math.abs(set.total - model.total) <= 1e-9 * (1 + model.total), `${set.total} is not ${model.total}`);
        assert.deepEqual(
          model.all.map((_, at) => set.at(at)),
          model.all.map(({ member }) => member),
        );
        if (set.even) assert.ok(new Set(model.all.map(({ weight }) => weight)).size <= 1, 'even only when it is');
      }
    }),
    { numRuns: 500 },
  );
});
