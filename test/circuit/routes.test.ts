import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, Guarded, ok } from './guarded.ts';

const search = 'GET /search';
const document = { services: { orders: { routes: { [search]: { circuit: { volume: 5 } } } } } };

test('a route that the policy names has a circuit of its own', async () => {
  const guarded = await Guarded.ready({ volume: 20 }, document);
  assert.equal(await guarded.calls(30, fails, { route: search }), 5);
  assert.equal(await guarded.calls(30, ok), 30);
  assert.deepEqual(
    guarded.moves.map(({ route, state }) => [route, state]),
    [[search, 'open']],
  );
  await assert.rejects(guarded.call(ok, { route: search }), {
    message: 'orders: the circuit of GET /search is open, 5 of 5 calls failed (UNAVAILABLE: circuit)',
  });
});

test('routes that only callers name share the circuit of the service', async () => {
  const guarded = await Guarded.ready({ volume: 20 }, document);
  for (let call = 0; call < 20; call++) await guarded.calls(1, fails, { route: `made up ${call}` });
  assert.deepEqual(
    guarded.circuits.facts(0).map(({ route, state }) => [route, state]),
    [['', 'open']],
  );
});

test('the facts list the service first, then its routes', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' }, document);
  await guarded.calls(5, fails, { route: search });
  await guarded.calls(3, ok);
  await guarded.env.clock.advance(1_000);
  assert.deepEqual(guarded.circuits.facts(guarded.env.clock.now()), [
    { route: '', state: 'closed', calls: 3, failures: 0, slow: 0, triesInMs: 0 },
    { route: search, state: 'open', calls: 5, failures: 5, slow: 0, triesInMs: 4_000 },
  ]);
});
