import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyDocument } from '../../src/policy/table.ts';
import { answer, refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';

const forever = (): Promise<never> => new Promise(() => {});

test('settings of a service are for that service, those of a route for that route', async () => {
  const { mesh, env, told } = await aMesh({
    policy: {
      defaults: { deadline: { timeout: '4s' } },
      services: {
        orders: {
          deadline: { timeout: '3s' },
          routes: {
            'GET /orders/{id}': { deadline: { timeout: '2s' } },
            nightly: { deadline: { timeout: '1s' } },
          },
        },
      },
    },
  });
  const over = Promise.allSettled([
    mesh.call('stock', forever),
    mesh.call('orders', forever),
    mesh.call('orders', forever, { method: 'GET', path: '/orders' }),
    mesh.call('orders', forever, { method: 'GET', path: '/orders/42?full=yes' }),
    mesh.call('orders', forever, { method: 'GET', path: '/orders/42', route: 'nightly' }),
    mesh.call('orders', forever, { route: 'no such route' }),
    mesh.call('orders', forever, { route: 'nightly', timeout: '500ms' }),
  ]);
  await env.clock.advance(4_000);
  await over;
  assert.deepEqual(
    told('call').map(({ service, ms }) => [service, ms]),
    [
      ['orders', 500],
      ['orders', 1_000],
      ['orders', 2_000],
      ['orders', 3_000],
      ['orders', 3_000],
      ['orders', 3_000],
      ['stock', 4_000],
    ],
  );
});

test('another policy is for the calls that begin from then on; those under way keep theirs', async () => {
  const { mesh, env, told } = await aMesh({ policy: { defaults: { deadline: { timeout: '2s' } } } });
  const over = [mesh.call('orders', forever).catch(() => {})];
  mesh.setPolicy({ defaults: { deadline: { timeout: '1s' } } });
  over.push(mesh.call('orders', forever).catch(() => {}));
  await env.clock.advance(2_000);
  await Promise.all(over);
  assert.deepEqual(
    told('call').map(({ ms }) => ms),
    [1_000, 2_000],
  );
  assert.deepEqual(
    told('policy').map(({ accepted, problem, service }) => [accepted, problem, service]),
    [[true, '', 'checkout']],
  );
});

test('a call that is waiting to try again goes by the policy it began with', async () => {
  const { mesh, env } = await aMesh({ policy: { defaults: { retry: { attempts: 2 } } } });
  const { send, asked } = script(env.clock, { value: answer(503) });
  const outcome = mesh.call('orders', send, { idempotent: true });
  await env.clock.advance(0);
  mesh.setPolicy({ defaults: { retry: { attempts: 10 } } });
  await env.clock.advance(5_000);
  assert.equal((await outcome).statusCode, 503);
  assert.equal(asked.length, 2);
});

test('a policy that is not as it must be is refused whole, and the one before stays', async () => {
  const { mesh, told } = await aMesh({ policy: { services: { orders: { retry: { attempts: 7 } } } } });
  await mesh.dependsOn('orders');
  const before = mesh.snapshot();
  const explained = mesh.explain('orders');
  for (const [document, problem] of [
    [
      { defaults: { retry: { attempts: 2, atempts: 3 } } },
      /^defaults\.retry\.atempts: no such field; there are attempts/,
    ],
    [
      { services: { orders: { retry: { attempts: 0 } } } },
      /^services\.orders\.retry\.attempts must be a whole number from 1 to 10, got 0/,
    ],
    [{ defaults: { deadline: { timeout: 100 } } }, /^defaults\.deadline\.timeout must be a duration .* got 100/],
    [null, /^the policy must be an object, got null/],
    [undefined, /^the policy must be an object, got undefined/],
    ['{}', /^the policy must be an object, got '\{\}'/],
  ] as const) {
    const refusal = { code: 'INVALID_ARGUMENT', reason: 'policy', sent: 'no', message: problem };
    assert.throws(() => mesh.setPolicy(document as unknown as PolicyDocument), refusal);
    const event = told('policy').at(-1)!;
    assert.equal(event.accepted, false);
    assert.match(event.problem, problem);
  }
  assert.equal(mesh.explain('orders'), explained);
  assert.deepEqual(mesh.snapshot().clusters[0], { ...mesh.snapshot().clusters[0], ...before.clusters[0] });
});

test('a policy that was handed over can not be changed behind the back of the mesh', async () => {
  const document = { defaults: { retry: { attempts: 2 } } };
  const { mesh, env } = await aMesh({ policy: document });
  document.defaults.retry.attempts = 9;
  const { send, asked } = script(env.clock, { value: answer(503) });
  const outcome = mesh.call('orders', send, { idempotent: true });
  await env.clock.advance(5_000);
  await outcome;
  assert.equal(asked.length, 2);
});

test('what was learnt stays when another policy is put in force: who is out stays out, and spent retries stay spent', async () => {
  const { mesh, env } = await aMesh({
    policy: { defaults: { outlier: { failures: 1 }, retry: { attempts: 2, budget: 0, perSecond: 0.1 } } },
  });
  const { send } = script(env.clock, { error: refused() }, { value: 'there' });
  const outcome = mesh.call('orders', send);
  await env.clock.advance(100);
  assert.equal(await outcome, 'there');
  const shot = () => mesh.snapshot().clusters[0]!;
  const out = shot().endpoints.find(({ state }) => state === 'out')!.address;
  assert.equal(shot().retriesLeft, 0);

  mesh.setPolicy({ defaults: { outlier: { failures: 1 }, retry: { budget: 0, perSecond: 0.1, attempts: 5 } } });

  assert.equal(shot().endpoints.find(({ state }) => state === 'out')!.address, out);
  assert.equal(shot().retriesLeft, 0);
});
