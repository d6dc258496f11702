import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANONYMOUS } from '../../src/core/principal.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { Policy } from '../../src/policy/table.ts';
import { judgeRequest } from '../../src/server/authorizer.ts';
import type { Asked } from '../../src/server/rules.ts';
import { fc } from '../support/fast-check.ts';
import { deny, type Rule } from './spelling-cases.ts';

const policies = new Map<string, Policy['authorize']>(); // there are few, and to make one takes longer than to ask it

function settingsOf(rule: Rule): Policy['authorize'] {
  const key = JSON.stringify(rule);
  const known = policies.get(key);
  if (known !== undefined) return known;
  const { authorize } = new PolicySet({ defaults: { authorize: { mode: 'enforce', rules: [rule] } } }).for('orders');
  policies.set(key, authorize);
  return authorize;
}

const letsIn = (rule: Rule, more: Partial<Asked>): boolean => {
  const asked = { principal: ANONYMOUS, method: 'GET', path: '/', headers: {}, address: '10.0.0.1', ...more };
  const judged = judgeRequest(settingsOf(rule), asked, () => Promise.reject(new Error('nobody asks')));
  assert.ok(!(judged instanceof Promise));
  return judged.verdict.allowed;
};

const word = fc.constantFrom('dev', 'dev-1', 'prod', 'prod-1', 'x', 'Dev');
const pattern = fc.constantFrom('dev', 'dev*', '*-1', 'prod', 'p*', 'x');
const listed = fc.array(pattern, { minLength: 1, maxLength: 3 });
const name = fc.constantFrom('x-env', 'host', ':authority');

/** What servers make of a header that came with commas: the whole, the first, the last, any. */
const HABITS: readonly ((value: string) => string | undefined)[] = [
  (value) => value,
  (value) => value.split(',')[0]?.trim(),
  (value) => value.split(',').at(-1)?.trim(),
  (value) => value.split(',')[1]?.trim(),
];
const value = fc
  .array(fc.oneof(word, word, fc.constantFrom('', ' ')), { maxLength: 4 })
  .map((parts) => parts.join(', '));
const sent = fc.option(value, { nil: undefined });
const habit = fc.constantFrom(...HABITS);

const fits = (patterns: readonly string[], text: string): boolean =>
  patterns.some((one) => new RegExp(`^${one.replaceAll('*', '.*')}$`).test(text));

const RUNS = { numRuns: 5_000 };

test('whatever a server makes of a header, an allow of all others lets in none that is listed, nor who does not send it', () => {
  let [opened, refused] = [0, 0];
  fc.assert(
    fc.property(listed, name, sent, habit, (patterns, header, said, read) => {
      if (!letsIn({ notHeaders: { [header]: patterns } }, { headers: { [header]: said } })) return void refused++;
      opened++;
      assert.ok(said !== undefined && said.trim() !== '');
      const seen = read(said);
      assert.ok(seen === undefined || !fits(patterns, seen), `${said} is ${seen}, of ${patterns}`);
    }),
    RUNS,
  );
  assert.ok(opened > 50 && refused > 50, `${opened}, ${refused}`); // or it would show nothing
});

test('whatever a server makes of a header, a deny of all others lets in only what is listed', () => {
  let [opened, refused] = [0, 0];
  fc.assert(
    fc.property(listed, name, sent, habit, (patterns, header, said, read) => {
      if (!letsIn(deny({ notHeaders: { [header]: patterns } }), { headers: { [header]: said } })) return void refused++;
      opened++;
      const seen = said === undefined ? undefined : read(said);
      assert.ok(said !== undefined && (!seen || fits(patterns, seen)), `${said} is ${seen}, of ${patterns}`);
    }),
    RUNS,
  );
  assert.ok(opened > 50 && refused > 50, `${opened}, ${refused}`);
});

const claim = fc.oneof(
  word,
  fc.array(fc.oneof(word, fc.constant({ is: 'dev' }), fc.constant(null)), { maxLength: 3 }),
  fc.array(word, { maxLength: 3 }).map((words) => words.join(' ')),
  fc.array(word, { maxLength: 3 }).map((words) => words.join(',')),
  fc.constantFrom(null, 3, true, '', { is: 'dev' }),
);
const claims = fc.dictionary(fc.constantFrom('role', 'scope', 'team'), claim, { maxKeys: 3 });
const named = fc.constantFrom('role', 'scope');

/** Whatever might be meant by a claim. */
const meant = (said: unknown): string[] =>
  [said].flat().flatMap((one) => (one === null || typeof one === 'object' ? ['?'] : `${one}`.split(/[ ,]/)));

test('an allow of all other claims lets in nobody who might say what is listed, nor who has no such claim', () => {
  let [opened, refused] = [0, 0];
  fc.assert(
    fc.property(listed, named, claims, (patterns, which, said) => {
      const rule = { notClaims: { [which]: patterns } };
      if (!letsIn(rule, { principal: { ...ANONYMOUS, claims: said } })) return void refused++;
      opened++;
      const words = meant(said[which]);
      assert.ok(words.some((one) => one !== '') && !words.includes('?'), JSON.stringify(said));
      assert.ok(!words.some((one) => fits(patterns, one)), `${JSON.stringify(said)} of ${patterns}`);
    }),
    RUNS,
  );
  assert.ok(opened > 50 && refused > 50, `${opened}, ${refused}`);
});

test('a deny of all other claims is the very opposite of a deny of these, and so asks who has none', () => {
  fc.assert(
    fc.property(listed, named, claims, (patterns, which, said) => {
      const asked = { principal: { ...ANONYMOUS, claims: said } };
      const others = letsIn(deny({ notClaims: { [which]: patterns } }), asked);
      const these = patterns.every((one) => letsIn(deny({ claims: { [which]: one } }), asked));
      assert.equal(others, !these, `${JSON.stringify(said)} of ${patterns}`);
    }),
    RUNS,
  );
});

test('what an allow of all others lets in, no deny of these would have refused', () => {
  fc.assert(
    fc.property(listed, name, sent, (patterns, header, said) => {
      const asked = { headers: { [header]: said } };
      if (!letsIn({ notHeaders: { [header]: patterns } }, asked)) return;
      for (const one of patterns) assert.ok(letsIn(deny({ headers: { [header]: one } }), asked), `${said} of ${one}`);
    }),
    RUNS,
  );
});
