import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';

test('two meshes in one process never meet: not what they learnt, not their policies, not their events', async () => {
  const [one, other] = [await aMesh({ service: 'one' }), await aMesh({ service: 'other' })];
  one.mesh.setPolicy({ defaults: { outlier: { failures: 1 }, retry: { attempts: 2 } } });
  const { send } = script(one.env.clock, { error: refused() }, { value: 1 });
  const outcome = one.mesh.call('orders', send);
  await one.env.clock.advance(1_000);
  await outcome;
  await other.mesh.call('orders', () => 1);

  const [shot, untouched] = [one.mesh.snapshot().clusters[0]!, other.mesh.snapshot().clusters[0]!];
  assert.equal(shot.endpoints.filter(({ state }) => state === 'out').length, 1);
  assert.equal(untouched.endpoints.filter(({ state }) => state === 'out').length, 0);
  assert.deepEqual([shot.retriesLeft, untouched.retriesLeft], [9, 10]);
  assert.equal(untouched.policy.retry!.attempts!.value, 3);
  assert.equal(other.told('policy').length, 0);
  assert.equal(other.told('ejected').length, 0);
  assert.equal(one.told('call').length, 1);
  assert.equal(other.told('call').length, 1);
});

test('what one mesh serves is not inherited by the calls of another', async () => {
  const [one, other] = [await aMesh({ service: 'one' }), await aMesh({ service: 'other' })];
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01`, 'x-envoy-expected-rq-timeout-ms': '300' };
  const [own, foreign] = await one.mesh.within(headers, () =>
    Promise.all([one, other].map(({ mesh }) => mesh.call('orders', (attempt) => attempt.headers))),
  );
  assert.ok(own!.traceparent!.includes(trace));
  assert.ok(!foreign!.traceparent!.includes(trace));
  assert.equal(own!['x-envoy-expected-rq-timeout-ms'], '300');
  assert.equal(foreign!['x-envoy-expected-rq-timeout-ms'], '10000');
});

test('closing one mesh leaves another as it was', async () => {
  const [one, other] = [await aMesh({ service: 'one' }), await aMesh({ service: 'other' })];
  const { send } = script(other.env.clock, { value: 'answered', ms: 50 });
  const underWay = other.mesh.call('orders', send);
  await one.mesh.close();
  await assert.rejects(
    one.mesh.call('orders', () => 1),
    { reason: 'closed' },
  );
  await other.env.clock.advance(50);
  assert.equal(await underWay, 'answered');
});
