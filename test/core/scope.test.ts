import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { follow, Scope } from '../../src/core/scope.ts';

test('each listener hears once, in the order they came, with the reason', () => {
  const scope = new Scope();
  const heard: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) scope.onCancel((reason) => heard.push(`${name} ${reason}`));
  scope.cancel('enough');
  scope.cancel('again');
  assert.deepEqual(heard, ['a enough', 'b enough', 'c enough', 'd enough', 'e enough']);
  assert.equal(scope.reason, 'enough');
  assert.equal(scope.cancelled, true);
});

test('a listener may be an object', () => {
  const scope = new Scope();
  const heard: unknown[] = [];
  scope.onCancel({ calledOff: (reason) => heard.push(reason) });
  scope.cancel(7);
  assert.deepEqual(heard, [7]);
});

test('who comes too late hears at once', () => {
  const scope = new Scope();
  scope.cancel('over');
  const heard: unknown[] = [];
  scope.onCancel((reason) => heard.push(reason));
  assert.deepEqual(heard, ['over']);
});

test('who has left hears nothing, wherever it stood', () => {
  for (const leaving of [0, 1, 2, 3]) {
    const scope = new Scope();
    const heard: number[] = [];
    const listeners = [0, 1, 2, 3].map((at) => () => void heard.push(at));
    for (const listener of listeners) scope.onCancel(listener);
    scope.offCancel(listeners[leaving]!);
    scope.offCancel(listeners[leaving]!);
    scope.cancel('x');
    assert.deepEqual(
      heard,
      [0, 1, 2, 3].filter((at) => at !== leaving),
    );
  }
});

test('a place that was left is taken by the next', () => {
  const scope = new Scope();
  const heard: string[] = [];
  const one = () => void heard.push('one');
  scope.onCancel(one);
  scope.offCancel(one);
  scope.onCancel(() => heard.push('two'));
  scope.onCancel(() => heard.push('three'));
  scope.cancel('x');
  assert.deepEqual(heard, ['two', 'three']);
});

test('a reason of undefined is a reason all the same', () => {
  const scope = new Scope();
  let heard = 0;
  scope.onCancel(() => heard++);
  scope.cancel(undefined);
  scope.cancel('later');
  assert.equal(heard, 1);
  assert.equal(scope.cancelled, true);
  assert.equal(scope.reason, undefined);
});

test('the signal tells the same, with the same reason', () => {
  const scope = new Scope();
  const { signal } = scope;
  const heard: unknown[] = [];
  signal.addEventListener('abort', () => heard.push(signal.reason));
  assert.equal(signal.aborted, false);
  const reason = new Error('enough');
  scope.cancel(reason);
  assert.deepEqual(heard, [reason]);
  assert.equal(scope.signal, signal, 'it is one signal, however often it is asked for');
});

test('a signal asked for after the end is aborted from the start', () => {
  const scope = new Scope();
  scope.cancel('over');
  assert.equal(scope.signal.aborted, true);
  assert.equal(scope.signal.reason, 'over');
});

test('a signal goes on telling when the scope has ended and is called off after', () => {
  const scope = new Scope();
  const { signal } = scope;
  scope.end();
  scope.cancel('late');
  assert.equal(signal.aborted, true);
});

test('a timer in its charge goes with it, whichever way it ends', () => {
  for (const finish of [(scope: Scope) => scope.end(), (scope: Scope) => scope.cancel('x')]) {
    const scope = new Scope();
    let cancelled = 0;
    scope.keep({ cancel: () => cancelled++ });
    finish(scope);
    assert.equal(cancelled, 1);
  }
});

test('what has ended tells nobody', () => {
  const scope = new Scope();
  let heard = 0;
  for (let listener = 0; listener < 4; listener++) scope.onCancel(() => heard++);
  scope.end();
  scope.cancel('x');
  assert.equal(heard, 0);
});

test('following a signal calls off with the signal’s reason, and letting go leaves no listener', () => {
  const controller = new AbortController();
  const [followed, left] = [new Scope(), new Scope()];
  follow(controller.signal, followed);
  const letGo = follow(controller.signal, left);
  letGo();
  letGo();
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
  controller.abort('stop');
  assert.equal(followed.reason, 'stop');
  assert.equal(left.cancelled, false);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('following a signal that is aborted already calls off at once', () => {
  const scope = new Scope();
  follow(AbortSignal.abort('before'), scope)();
  assert.equal(scope.reason, 'before');
});

test('who follows may give a reason of its own, made when it is needed', () => {
  const controller = new AbortController();
  const scope = new Scope();
  let made = 0;
  follow(controller.signal, scope, () => {
    made++;
    return 'ours';
  });
  assert.equal(made, 0);
  controller.abort('theirs');
  assert.equal(scope.reason, 'ours');
  assert.equal(made, 1);
});
