import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint } from '../../src/core/endpoint.ts';
import type { Resolution } from '../../src/core/resolution.ts';
import { LastGood } from '../../src/discovery/last-good.ts';

const a = endpoint('http://10.0.0.1:80', { id: 'a' });
const b = endpoint('http://10.0.0.2:80', { id: 'b' });

function watched() {
  const heard: Resolution[] = [];
  const last = new LastGood();
  last.watch((value) => heard.push(value));
  return { last, heard };
}

test('the list is in the order of the ids, whatever order it came in', () => {
  const { last } = watched();
  last.list([b, a]);
  assert.deepEqual(last.value, { is: 'bound', endpoints: [a, b] });
});

test('the same list again is not told again, and an endpoint that stays the same stays the same object', () => {
  const { last, heard } = watched();
  last.list([a, b]);
  last.list([endpoint('http://10.0.0.2:80', { id: 'b' }), endpoint('http://10.0.0.1:80', { id: 'a' })]);
  assert.equal(heard.length, 2);
  const heavier = endpoint('http://10.0.0.2:80', { id: 'b', weight: 2 });
  last.list([a, heavier]);
  assert.deepEqual(last.value, { is: 'bound', endpoints: [a, heavier] });
  assert.equal((last.value as { endpoints: unknown[] }).endpoints[0], a);
});

test('a failure marks the list as stale and takes nothing off it; the next list heals it', () => {
  const { last, heard } = watched();
  const away = new Error('connection lost');
  last.list([a]);
  last.fail(away);
  last.fail(new Error('connection lost')); // the same news
  assert.deepEqual(last.value, { is: 'stale', endpoints: [a], error: away });
  last.list([a]);
  assert.deepEqual(last.value, { is: 'bound', endpoints: [a] });
  assert.deepEqual(
    heard.map(({ is }) => is),
    ['pending', 'bound', 'stale', 'bound'],
  );
});

test('a failure before anything was known leaves it pending, and says why; after an unknown service, unknown', () => {
  const { last } = watched();
  last.fail('no route');
  assert.deepEqual(last.value, { is: 'pending', error: 'no route' });
  last.absent();
  last.fail(new Error('away'));
  assert.deepEqual(last.value, { is: 'unknown' });
});

test('an empty list is a truth like any other when the registry itself tells it', () => {
  const { last } = watched();
  last.list([a]);
  last.list([]);
  assert.deepEqual(last.value, { is: 'bound', endpoints: [] });
});

test('after it was closed nothing is passed on', () => {
  const { last, heard } = watched();
  last.list([a]);
  last.close();
  last.list([]);
  last.absent();
  last.fail(new Error('away'));
  assert.deepEqual(last.value, { is: 'bound', endpoints: [a] });
  assert.equal(heard.length, 2);
});

test('what somebody else remembers stands until the registry answers, and never replaces what it told', () => {
  const { last, heard } = watched();
  const away = new Error('no route');
  last.fail(away);
  last.recall([b, a], away, -5);
  assert.deepEqual(last.value, { is: 'stale', endpoints: [a, b], error: away, since: -5 });
  const worse = new Error('refused');
  last.fail(worse);
  assert.deepEqual(last.value, { is: 'stale', endpoints: [a, b], error: worse, since: -5 }, 'as old as it was');
  last.list([a]);
  last.recall([a, b], away, -5);
  assert.deepEqual(last.value, { is: 'bound', endpoints: [a] });
  assert.deepEqual(
    heard.map(({ is }) => is),
    ['pending', 'pending', 'stale', 'stale', 'bound'],
  );
});
