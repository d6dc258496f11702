import type { MeshOptions } from '../../src/mesh/options.ts';
import { answer, refused, reset, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeArrival } from './arrival.ts';

/** Lets everything happen that is recorded or counted: calls that work and fail, requests let in and not. */
export async function everything(telemetry: NonNullable<MeshOptions['telemetry']>) {
  const world = await aMesh({
    telemetry,
    policy: {
      defaults: {
        outlier: { failures: 2, ejection: '1s' },
        circuit: { mode: 'observe', volume: 5, threshold: 0.1, window: '1m', open: '1s' },
        retry: { attempts: 3, budget: 0, perSecond: 1 },
        deadline: { refuse: 1 },
      },
      services: {
        stock: { retry: { budget: 0, perSecond: 0 } },
        checkout: {
          authorize: { mode: 'enforce', rules: [{ name: 'all' }] },
          routes: { '/full': { shed: { mode: 'enforce', limit: 0 } } },
        },
      },
    },
  });
  const { mesh, env } = world;
  const steps = [
    [{ error: refused(), ms: 5 }, { value: answer(503) }, { value: answer(200), ms: 30 }],
    [{ error: reset() }],
    [{ value: answer(500) }],
    [{ error: refused() }, { error: refused() }, { error: refused() }],
    [{ error: refused() }, { error: refused() }, { error: refused() }],
    [{ value: answer(200) }],
  ] as const;
  for (const [at, [first, ...rest]] of steps.entries()) {
    const { send } = script<unknown>(env.clock, first!, ...rest);
    const method = at === 1 ? 'BREW' : 'GET';
    const outcome = mesh.call('orders', send, { method, path: `/orders/${at}?secret`, route: 'GET /orders/{id}' });
    const over = outcome.catch(() => {});
    await env.clock.advance(3_000);
    await over;
  }
  await mesh.call('orders', () => 1);
  await mesh.call('stock', () => Promise.reject(refused())).catch(() => {});
  const served = (asked: string, headers: Record<string, string>, work: (own: FakeArrival) => unknown) =>
    mesh.receive(new FakeArrival(asked, (_, own) => work(own), { headers })).catch(() => {});
  await served('GET /orders/7', { host: 'shop:80', 'user-agent': 'probe', 'grpc-timeout': '1S' }, (own) => {
    own.template = '/orders/:id';
    own.answer(200);
  });
  await served('BREW /', { 'grpc-timeout': '0m' }, () => 1);
  await served('GET /full', {}, () => 1);
  await served('GET /gone', {}, (own) => own.leave());
  await served('GET /broken', {}, (own) => own.answer(500));
  const grpc = { 'content-type': 'application/grpc' };
  const options = { method: 'POST', path: '/shop.Orders/Get', headers: grpc };
  await mesh.call('orders', () => answer(200, { 'grpc-status': '0' }), options);
  await mesh.call('stock', () => Promise.reject(refused()), options).catch(() => {});
  await served('POST /shop.Orders/Get', grpc, (own) => own.answer(200));
  await served('POST /shop.Orders/Gone', grpc, (own) => own.answer(503));
  mesh.setPolicy({});
  return world;
}
