import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answers, type KeptAnswer } from '../../src/answers/kept-answers.ts';
import { fc } from '../support/fast-check.ts';

const LIFETIME = { age: 0, fresh: 1_000, revalidate: 1_000, usable: 1_000 };
const answerAt = (path: string, variant: number, bytes = 1): KeptAnswer => ({
  key: `${path} ${variant}`,
  kept: { status: 200, headers: {}, content: undefined, bytes, copy: () => undefined },
  path,
  at: 0,
  lifetime: LIFETIME,
  renewing: false,
});

const PATHS = ['/a', '/a?x=1', '/a?x=2', '/b', '/b?'];
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      path: fc.constantFrom(...PATHS),
      variant: fc.nat(3),
      bytes: fc.constantFrom(1, 3_000, 100_000),
    }),
  },
  fc.record({ do: fc.constant('forget' as const), path: fc.constantFrom(...PATHS) }),
  fc.record({ do: fc.constant('delete' as const), path: fc.constantFrom(...PATHS), variant: fc.nat(3) }),
  fc.record({ do: fc.constant('limit' as const), entries: fc.integer({ min: 1, max: 6 }) }),
);

test('what is forgotten of a path is what stands there and without its query, of whatever is kept', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const answers = new Answers();
      const there = () =>
        PATHS.flatMap((path) => [0, 1, 2, 3].map((variant) => `${path} ${variant}`)).filter(
          (key) => answers.peek(key) !== undefined,
        );
      let limits = { entries: 6, bytes: 20_000 };
      for (const taken of steps) {
        const before = there();
        if (taken.do === 'set') answers.set(answerAt(taken.path, taken.variant, taken.bytes), limits);
        else if (taken.do === 'delete') answers.delete(`${taken.path} ${taken.variant}`);
        else if (taken.do === 'limit') limits = { ...limits, entries: taken.entries };
        else {
          answers.forget(taken.path);
          const gone = [`${taken.path} `, `${taken.path.split('?', 1)[0]} `];
          assert.deepEqual(
            there(),
            before.filter((key) => !gone.some((start) => key.startsWith(start))),
          );
        }
        assert.equal(answers.facts()?.answers ?? 0, there().length);
      }
    }),
    { numRuns: 500 },
  );
});

test('all answers are not looked through because something has changed at one path', () => {
  const answers = new Answers();
  let looked = 0;
  for (let at = 0; at < 2_000; at++) {
    const answer = answerAt(`/${at}`, 0);
    const get = () => {
      looked++;
      return answer.path;
    };
    answers.set(Object.defineProperty({ ...answer }, 'path', { get }), { entries: 2_000, bytes: 1e9 });
  }
  looked = 0;
  answers.forget('/7?x');
  assert.equal(answers.facts()!.answers, 1_999);
  assert.ok(looked < 5, `${looked} were looked at`);
});
