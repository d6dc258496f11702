import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, integer } from '../../src/policy/fields.ts';
import { PolicyProblem, readField } from '../../src/policy/read.ts';
import { group, labels, list, text, texts, textsByName } from '../../src/policy/rules.ts';

const rules = list({
  about: 'Rules.',
  most: 3,
  of: {
    path: text({ default: '', about: 'A path.', pattern: /^\//, must: 'a path' }),
    methods: texts({ about: 'Methods.', pattern: /^[A-Z]+$/, must: 'a list of methods' }),
    match: group({ about: 'What it matches.', of: { headers: labels({ about: 'Headers.' }) } }),
    delay: duration({ default: '1s', about: 'A delay.' }),
    percent: integer({ default: 100, min: 0, max: 100, about: 'A share.' }),
  },
  required: ['path'],
});

const problem = (value: unknown): string => {
  try {
    readField(rules, value, 'route.rules');
  } catch (error) {
    assert.ok(error instanceof PolicyProblem);
    return error.message;
  }
  return '';
};

test('a rule reads as written, and what it does not say is as the table has it', () => {
  assert.deepEqual(readField(rules, [{ path: '/a', match: { headers: { 'x-a': '1' } }, delay: '20ms' }], ''), [
    { path: '/a', methods: [], match: { headers: { 'x-a': '1' } }, delay: 20, percent: 100 },
  ]);
  assert.deepEqual(readField(rules, [], ''), []);
});

test('what is wrong in a rule is told with the whole path to it', () => {
  assert.equal(problem({}), 'route.rules must be a list of 3 objects at most, got an object');
  assert.equal(problem([{}, {}, {}, {}]), 'route.rules must be a list of 3 objects at most, got 4');
  assert.equal(problem([{}]), 'route.rules[0].path is missing');
  assert.equal(problem([{ path: '/' }, 7]), 'route.rules[1] must be an object, got 7');
  assert.equal(problem([{ path: 'a' }]), "route.rules[0].path must be a path, got 'a'");
  assert.equal(
    problem([{ path: '/', percent: 101 }]),
    'route.rules[0].percent must be a whole number from 0 to 100, got 101',
  );
  assert.equal(
    problem([{ path: '/', methods: ['get'] }]),
    'route.rules[0].methods must be a list of methods, got ["get"]',
  );
  assert.equal(
    problem([{ path: '/', match: { header: {} } }]),
    'route.rules[0].match.header: no such field; there are headers',
  );
  assert.equal(
    problem([{ path: '/', match: { headers: { a: 1 } } }]),
    'route.rules[0].match.headers.a must be text, got 1',
  );
  assert.match(
    problem([{ path: '/', match: { headers: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [at, ''])) } }]),
    /must be an object of 32 texts at most, got 33$/,
  );
});

test('a rule is shown as a document would say it', () => {
  const read = readField(rules, [{ path: '/a' }], '');
  assert.deepEqual(rules.show(read), [{ path: '/a', methods: [], match: { headers: {} }, delay: '1s', percent: 100 }]);
});

test('keys of an object that only look like fields are none', () => {
  assert.match(problem([JSON.parse('{"path": "/", "__proto__": 1}')]), /__proto__: no such field/);
  assert.match(problem([{ path: '/', constructor: 1 }]), /constructor: no such field/);
});

const lists = textsByName({
  about: 'Lists.',
  most: 2,
  each: { pattern: /^[a-z]+$/, must: 'text or texts', name: /^x-/, named: 'a name with x-' },
});

test('texts by name are one or several to each, and are read and shown as lists', () => {
  const read = readField(lists, { 'x-a': 'b', 'x-c': ['d', 'e'] }, 'of');
  assert.deepEqual(read, { 'x-a': ['b'], 'x-c': ['d', 'e'] });
  assert.deepEqual(readField(lists, lists.show(read), 'of'), read);
  const told = (value: unknown, message: string) =>
    assert.throws(() => readField(lists, value, 'of'), { name: 'PolicyProblem', message });
  told([], 'of must be an object, got []');
  told({ a: 'b' }, "of: a name must be a name with x-, got 'a'");
  told({ 'x-a': 'B' }, "of.x-a must be text or texts, got 'B'");
  told({ 'x-a': ['b', 'C'] }, 'of.x-a must be text or texts, got ["b","C"]');
  told({ 'x-a': 'b', 'x-b': 'b', 'x-c': 'b' }, 'of must be of 2 at most, got 3');
  told(JSON.parse('{"__proto__": "b"}'), "of: a name must be a name with x-, got '__proto__'");
});

test('labels are any texts, unless it is said what names and texts must be', () => {
  const any = labels({ about: 'Any.' });
  assert.deepEqual(readField(any, { '': '', 'a b': '*' }, 'of'), { '': '', 'a b': '*' });
  const each = { pattern: /^[a-z]+$/, must: 'small letters', name: /^x-/, named: 'a name with x-' };
  const some = labels({ about: 'Some.', each });
  assert.deepEqual(readField(some, { 'x-a': 'b' }, 'of'), { 'x-a': 'b' });
  assert.throws(() => readField(some, { a: 'b' }, 'of'), { message: "of: a name must be a name with x-, got 'a'" });
  assert.throws(() => readField(some, { 'x-a': '' }, 'of'), { message: "of.x-a must be small letters, got ''" });
  assert.throws(() => readField(some, { 'x-a': 7 }, 'of'), { message: 'of.x-a must be small letters, got 7' });
});

test('what no field can say alone is told with the place of the object', () => {
  const pairs = list({
    about: 'Pairs.',
    of: {
      low: integer({ default: 0, min: 0, max: 9, about: 'Low.' }),
      high: integer({ default: 9, min: 0, max: 9, about: 'High.' }),
    },
    together: { problem: ({ low, high }) => (low > high ? ': low is above high' : undefined), json: { not: {} } },
  });
  assert.deepEqual(readField(pairs, [{ low: 3 }], 'pairs'), [{ low: 3, high: 9 }]);
  assert.throws(() => readField(pairs, [{}, { low: 3, high: 2 }], 'pairs'), { message: 'pairs[1]: low is above high' });
  assert.deepEqual((pairs.json.items as Record<string, unknown>).not, {});
});
