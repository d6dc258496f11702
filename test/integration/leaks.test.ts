import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../support/http.ts';
import { start } from '../support/processes.ts';
import type { CalledOffSettings, Ended } from './programs/called-off.ts';

type How = Omit<Ended, 'left' | 'timers'>;

const mesh = (code: string, reason: string): Omit<How, 'own' | 'name'> => ({ code, reason, sent: 'maybe' });
const NOTHING = { code: undefined, reason: undefined, sent: undefined };
const DEADLINE = { ...mesh('DEADLINE_EXCEEDED', 'deadline'), own: false };
const ATTEMPT = { ...mesh('DEADLINE_EXCEEDED', 'attempt'), own: false };
const CALLER = { ...mesh('CANCELLED', 'caller'), own: true };

/** What the caller sees: the mesh's own error, or what a WHATWG fetch throws, with the mesh's error as its cause. */
const expected: Readonly<Record<CalledOffSettings['client'], Readonly<Record<CalledOffSettings['by'], How>>>> = {
  request: {
    caller: { name: 'MeshError', ...CALLER },
    deadline: { name: 'MeshError', ...DEADLINE },
    attempt: { name: 'MeshError', ...ATTEMPT },
  },
  call: {
    caller: { name: 'MeshError', ...CALLER },
    deadline: { name: 'MeshError', ...DEADLINE },
    attempt: { name: 'MeshError', ...ATTEMPT },
  },
  fetch: {
    caller: { name: 'Error', ...NOTHING, own: true }, // the reason itself
    deadline: { name: 'TypeError', ...DEADLINE },
    attempt: { name: 'TypeError', ...ATTEMPT },
  },
};

const words = {
  caller: 'the caller gives up',
  deadline: 'the deadline comes',
  attempt: 'the time of an attempt is up',
};
const names = { request: 'mesh.request', fetch: 'mesh.fetch', call: 'mesh.call around fetch' };

for (const client of ['request', 'fetch', 'call'] as const) {
  for (const by of ['caller', 'deadline', 'attempt'] as const) {
    test(`when ${words[by]}, ${names[client]} closes the socket, says why, and leaves nothing`, async (t) => {
      const arrived = Promise.withResolvers<void>();
      const closed = Promise.withResolvers<boolean>();
      const { url } = await serve(t, (_request, response) => {
        arrived.resolve();
        response.on('close', () => closed.resolve(response.writableEnded));
      });
      const program = start(t, 'called-off', { url, client, by } satisfies CalledOffSettings);
      await Promise.race([arrived.promise, program.ended]); // one that is over says why below
      program.tell({}); // now

      const { left, timers, ...how } = await program.said<Ended>('left');

      assert.equal(await closed.promise, false, 'the server never answered, and saw that nobody waits');
      assert.deepEqual({ ...NOTHING, ...how }, expected[client][by]); // what is undefined is not sent between processes
      assert.deepEqual([left, timers], [[], 0]);
      assert.equal(await program.ended, 0);
    });
  }
}
