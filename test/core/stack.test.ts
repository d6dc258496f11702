import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, compose, type Filter, type Service } from '../../src/core/service.ts';
import { Stack } from '../../src/core/stack.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { Policy } from '../../src/policy/table.ts';
import { aContext } from '../../src/testing.ts';

/** Writes its name into the request on the way in, and into the answer on the way out. */
const named =
  (name: string): Filter<string, string> =>
  (next) =>
  async (request, context) =>
    `${await next(`${request}>${name}`, context)}<${name}`;

const echo: Service<string, string> = async (request) => request;

const stack = new Stack(['a', 'b', 'c'].map((name) => ({ name, filter: named(name) })));

const way = (of: Stack<string, string>): Promise<string> => of.around(echo)('', aContext());

test('the first filter listed meets the request first, and the answer last', async () => {
  assert.equal(await way(stack), '>a>b>c<c<b<a');
  assert.equal(await compose([named('x'), named('y')], echo)('', aContext()), '>x>y<y<x');
});

test('no filters at all are the service itself', () => {
  assert.equal(compose([], echo), echo);
  assert.equal(new Stack<string, string>([]).around(echo), echo);
});

test('a stack says its names in the order the request travels', () => {
  assert.deepEqual(stack.names, ['a', 'b', 'c']);
  assert.equal(String(stack), 'a › b › c');
});

test('replace puts another filter in the same place', async () => {
  assert.equal(await way(stack.replace('b', named('B'))), '>a>B>c<c<B<a');
  assert.deepEqual(stack.replace('b', named('B')).names, ['a', 'b', 'c']);
});

test('before and after put a slot beside the one named', async () => {
  const slot = { name: 'x', filter: named('x') };
  assert.equal(String(stack.before('a', slot)), 'x › a › b › c');
  assert.equal(String(stack.before('c', slot)), 'a › b › x › c');
  assert.equal(String(stack.after('a', slot)), 'a › x › b › c');
  assert.equal(String(stack.after('c', slot)), 'a › b › c › x');
  assert.equal(await way(stack.after('a', slot)), '>a>x>b>c<c<b<x<a');
});

test('without takes the one named away', async () => {
  assert.equal(await way(stack.without('b')), '>a>c<c<a');
});

test('no verb changes the stack it is asked of', () => {
  stack.without('a');
  stack.replace('b', named('z'));
  stack.before('a', { name: 'x', filter: named('x') });
  (stack.names as string[]).push('d');
  assert.equal(String(stack), 'a › b › c', 'not even by the names it gave');
});

test('a list that is changed afterwards changes no stack', () => {
  const slots = [{ name: 'a', filter: named('a') }];
  const made = new Stack(slots);
  slots.push({ name: 'b', filter: named('b') });
  assert.equal(String(made), 'a');
});

test('a name that there is not is told, with those that there are', () => {
  const slot = { name: 'x', filter: named('x') };
  const verbs = [
    () => stack.replace('retries', named('x')),
    () => stack.before('retries', slot),
    () => stack.after('retries', slot),
    () => stack.without('retries'),
  ];
  for (const verb of verbs) {
    assert.throws(verb, { name: 'RangeError', message: "no filter is named 'retries'; there are a › b › c" });
  }
});

test('what stands below a slot is a stack of its own', () => {
  assert.deepEqual(stack.below('a').names, ['b', 'c']);
  assert.deepEqual(stack.below('c').names, []);
  assert.throws(() => stack.below('z'), { name: 'RangeError' });
});

test('two filters of one name are refused', () => {
  const twice = { name: 'RangeError', message: "two filters are named 'a' in a › a › b › c" };
  assert.throws(() => stack.before('a', { name: 'a', filter: named('a') }), twice);
  assert.throws(() => new Stack([...'aabc'].map((name) => ({ name, filter: named(name) }))), twice);
});

test('whatever a service does, asking it comes to a promise', async () => {
  const error = new Error('at once');
  const throwing: Service<string, string> = () => {
    throw error;
  };
  const forgetful = (() => 'plain') as unknown as Service<string, string>;
  await assert.rejects(ask(throwing, '', aContext()), error);
  assert.equal(await ask(forgetful, '', aContext()), 'plain');
  const promise = Promise.resolve('same');
  assert.equal(
    ask(() => promise, '', aContext()),
    promise,
  );
});

test('calls pass by a filter that has nothing to do under their policy, also where the policy is another from there on', async () => {
  const [calm, busy] = ['enforce', 'off'].map((mode) =>
    new PolicySet({ defaults: { throttle: { mode } } } as never).for('x'),
  );
  const asked: Policy[] = [];
  const idle = (policy: Policy): boolean => {
    asked.push(policy);
    return policy === calm;
  };
  const turns: Filter<string, string> = (next) => (request, context) =>
    next(
      request,
      request.startsWith('turn') ? { ...context, policy: context.policy === calm ? busy! : calm! } : context,
    );
  const slots = ['a', 'b', 'c'].map((name) => ({ name, filter: named(name), idle }));
  const service = new Stack([...slots.slice(0, 2), { name: 't', filter: turns }, ...slots.slice(2)]).around(echo);
  const through = (request: string, policy = calm!) => service(request, { ...aContext(), policy });
  assert.equal(await through(''), '');
  assert.equal(await through('', busy), '>a>b>c<c<b<a');
  assert.equal(await through('turn'), 'turn>c<c');
  assert.equal(await through('turn', busy), 'turn>a>b<b<a');
  assert.equal(await through('', busy), '>a>b>c<c<b<a');
  const looked = asked.length;
  assert.equal(await through('', busy), '>a>b>c<c<b<a');
  assert.equal(asked.length, looked, 'not asked again while the policy is the same');
});

test('a filter in the place of one that may be passed by is asked each time', async () => {
  const idle = () => true;
  const passing = new Stack([{ name: 'a', filter: named('a'), idle }]);
  assert.equal(await way(passing), '');
  assert.equal(await way(passing.replace('a', named('A'))), '>A<A');
});
