import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Events, type MeshEvent } from '../../src/core/events.ts';
import { unheardIn } from '../support/unheard.ts';

const event: MeshEvent = { at: 1, service: 'orders', type: 'panic', on: true, healthy: 1, endpoints: 3 };

test('every listener hears every event, from when it came until it left', () => {
  const events = new Events();
  const heard: string[] = [];
  events.emit(event);
  const leave = events.on(() => heard.push('a'));
  events.on(() => heard.push('b'));
  events.emit(event);
  leave();
  leave();
  events.emit(event);
  assert.deepEqual(heard, ['a', 'b', 'b']);
});

test('it knows whether anybody listens', () => {
  const events = new Events();
  assert.equal(events.heard, false);
  const leave = events.on(() => {});
  assert.equal(events.heard, true);
  leave();
  assert.equal(events.heard, false);
});

test('an outlet is told what it wants, when it wants it, and its fault is its own', () => {
  const events = new Events();
  const [told, wanted] = [[] as MeshEvent[], new Set<string>()];
  const outlet = { hears: (type: string) => wanted.has(type), tell: (event: MeshEvent) => void told.push(event) };
  events.connect({
    hears: () => false,
    tell: () => assert.fail('asked for nothing'),
  });
  events.connect(outlet);
  events.connect(outlet);
  events.emit(event);
  assert.deepEqual([events.hears('panic'), told], [false, []]);
  wanted.add('panic');
  events.connect({
    hears: () => true,
    tell: () => {
      throw new Error('its own fault');
    },
  });
  events.emit(event);
  assert.deepEqual([events.hears('panic'), told], [true, [event]]);
});

test('a listener that throws harms neither the others nor who told', () => {
  const events = new Events();
  const heard: MeshEvent[] = [];
  events.on(() => {
    throw new Error('its own fault');
  });
  events.on((event) => heard.push(event));
  events.emit(event);
  assert.deepEqual(heard, [event]);
});

test('an async listener that fails harms nobody either: Node would end the process for it', async (t) => {
  const unheard = unheardIn(t);
  const events = new Events();
  const heard: MeshEvent[] = [];
  const fails = async (): Promise<void> => {
    throw new Error('its own fault');
  };
  events.on(fails);
  events.connect({ hears: () => true, tell: fails });
  events.on((event) => heard.push(event));
  events.emit(event);
  assert.deepEqual(heard, [event]);
  assert.equal(await unheard(), 0);
});

test('one listener that listens twice is two, and each leaves for itself', () => {
  const events = new Events();
  const heard: MeshEvent[] = [];
  const listener = (told: MeshEvent): void => void heard.push(told);
  events.on(listener);
  const leave = events.on(listener);
  events.emit(event);
  leave();
  leave();
  events.emit(event);
  assert.equal(heard.length, 3);
});

test('who leaves or comes while news is told changes it for the next news', () => {
  const events = new Events();
  const heard: string[] = [];
  const leave = events.on(() => {
    heard.push('a');
    leave();
    events.on(() => heard.push('c'));
  });
  events.on(() => heard.push('b'));
  events.emit(event);
  assert.deepEqual(heard, ['a', 'b']);
  events.emit(event);
  assert.deepEqual(heard, ['a', 'b', 'b', 'c']);
});
