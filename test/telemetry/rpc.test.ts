import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, refused, reset } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeArrival } from './arrival.ts';
import { parseExposition } from './exposition.ts';

const GRPC = { 'content-type': 'application/grpc+proto' };
const OPTIONS = { method: 'POST', path: '/shop.Orders/Get', headers: GRPC };

/** The error of a client of gRPC, as grpc-js has it. */
const told = (code: number): Error => Object.assign(new Error(), { code, metadata: {} });

/** The labels of the one series that there is of a metric; nothing where there is none. */
function labelsOf(text: string, name: string): Record<string, string> | undefined {
  const lines = parseExposition(text).get(name)?.lines ?? [];
  const all = lines.map(({ labels: { le, ...rest } }) => rest);
  for (const one of all) assert.deepEqual(one, all[0]);
  return all[0] as Record<string, string> | undefined;
}

async function called(send: () => unknown, options: object = OPTIONS, policy: PolicySections = {}) {
  const { mesh, env } = await aMesh({
    policy: { defaults: { retry: { attempts: 1 }, ...policy } },
    telemetry: { prometheus: true, rpcMetrics: true },
  });
  const call = mesh.call('orders', send as never, options).catch(() => {});
  await env.clock.advance(20_000);
  await call;
  return labelsOf(mesh.metrics(), 'rpc_client_call_duration_seconds');
}

test('a request of a client of ours that says so is one of gRPC', async () => {
  const { headers, ...options } = OPTIONS;
  const labels = await called(() => answer(200), { ...options, request: { headers } });
  assert.equal(labels?.rpc_method, 'shop.Orders/Get');
  assert.equal(await called(() => answer(200), { ...options, request: { headers: {} } }), undefined);
});

const fails = (error: unknown) => () => Promise.reject(error);
const cases: Readonly<Record<string, readonly [send: () => unknown, status: string]>> = {
  'an answer that tells OK': [() => answer(200, { 'grpc-status': '0' }), 'OK'],
  'an answer that tells NOT_FOUND': [() => answer(200, { 'grpc-status': '5' }), 'NOT_FOUND'],
  'an answer whose status comes later': [() => answer(200), 'OK'],
  'the message of a client of gRPC': [() => ({ id: 7 }), 'OK'],
  'the error of a client of gRPC': [fails(told(9)), 'FAILED_PRECONDITION'],
  'an answer of HTTP alone, 404': [() => answer(404), 'UNIMPLEMENTED'],
  'an answer of HTTP alone, 500': [() => answer(500), 'UNKNOWN'],
  'an answer of HTTP alone, 503': [() => answer(503), 'UNAVAILABLE'],
  'no connection': [fails(refused()), 'UNAVAILABLE'],
  'a connection that ended': [fails(reset()), 'UNKNOWN'],
  'no answer in time': [() => new Promise(() => {}), 'DEADLINE_EXCEEDED'],
  'an error of the mesh': [fails(new MeshError('quota', 'too much')), 'RESOURCE_EXHAUSTED'],
};

for (const [what, [send, status]] of Object.entries(cases)) {
  test(`a call of gRPC that comes to ${what} is ${status}`, async () => {
    assert.deepEqual(await called(send), {
      rpc_system_name: 'grpc',
      rpc_method: 'shop.Orders/Get',
      rpc_status_code: status,
      server_address: 'orders',
      ...(status === 'OK' ? {} : { error_type: status }),
    });
  });
}

test('a call is one of gRPC by what it says, by what it came to, or by the policy; others are not', async () => {
  const { headers, ...silent } = OPTIONS;
  assert.equal(await called(() => answer(200), silent), undefined);
  assert.equal((await called(fails(told(14)), silent))!.rpc_status_code, 'UNAVAILABLE');
  assert.equal((await called(() => 1, silent, { retry: { on: ['unavailable'] } }))!.rpc_status_code, 'OK');
  assert.equal((await called(() => 1, { headers }))!.rpc_method, '_OTHER');
  assert.equal((await called(() => 1, { ...OPTIONS, path: '/orders/42?x' }))!.rpc_method, '_OTHER');
});

test('a request of gRPC is named by its route alone, and only what is our fault is an error', async () => {
  const served = async (status: number, told: string | undefined, template?: string) => {
    const { mesh } = await aMesh({ telemetry: { prometheus: true, rpcMetrics: true } });
    const arrival = new FakeArrival('POST /shop.Orders/Get', (_, own) => own.answer(status), { headers: GRPC });
    arrival.template = template;
    Object.assign(arrival.wire, { header: (name: string) => (name === 'grpc-status' ? told : undefined) });
    await mesh.receive(arrival);
    const labels = labelsOf(mesh.metrics(), 'rpc_server_call_duration_seconds')!;
    return [labels.rpc_method, labels.rpc_status_code, labels.error_type];
  };
  assert.deepEqual(await served(200, '0', '/shop.Orders/Get'), ['shop.Orders/Get', 'OK', undefined]);
  assert.deepEqual(await served(200, '5'), ['_OTHER', 'NOT_FOUND', undefined]);
  assert.deepEqual(await served(200, '13'), ['_OTHER', 'INTERNAL', 'INTERNAL']);
  assert.deepEqual(await served(200, undefined), ['_OTHER', 'OK', undefined]);
  assert.deepEqual(await served(200, '99'), ['_OTHER', 'OK', undefined]);
  assert.deepEqual(await served(500, ''), ['_OTHER', 'UNKNOWN', 'UNKNOWN']);
});

test('a request of gRPC that was not let in, or whose caller has gone, has the status that says so', async () => {
  const of = async (work: (own: FakeArrival) => unknown, policy: PolicySections = {}) => {
    const { mesh } = await aMesh({ telemetry: { prometheus: true, rpcMetrics: true }, policy: { defaults: policy } });
    await mesh.receive(new FakeArrival('POST /a.B/C', (_, own) => work(own), { headers: GRPC })).catch(() => {});
    return labelsOf(mesh.metrics(), 'rpc_server_call_duration_seconds')!.rpc_status_code;
  };
  assert.equal(await of(() => 1, { shed: { mode: 'enforce', limit: 0 } }), 'UNAVAILABLE');
  assert.equal(await of((own) => own.leave()), 'CANCELLED');
});

test('3,000 methods that strangers make up have a bounded number of series, on both ways', async () => {
  const { mesh } = await aMesh({ telemetry: { prometheus: true, rpcMetrics: true } });
  for (let at = 0; at < 3_000; at++) {
    await mesh.call('orders', () => 1, { ...OPTIONS, path: `/a.S${at}/Get` });
    const arrival = new FakeArrival(`POST /a.S${at}/Get`, (_, own) => own.answer(200), { headers: GRPC });
    await mesh.receive(arrival);
  }
  const families = parseExposition(mesh.metrics());
  const series = (name: string) => families.get(name)!.lines.filter(({ name }) => name.endsWith('_count')).length;
  assert.equal(series('rpc_client_call_duration_seconds'), 501);
  assert.equal(series('rpc_server_call_duration_seconds'), 1);
});

test('nobody asked for it, so it is not measured', async () => {
  const { mesh } = await aMesh({ telemetry: { prometheus: true } });
  await mesh.call('orders', () => answer(200, { 'grpc-status': '0' }), OPTIONS);
  assert.doesNotMatch(mesh.metrics(), /rpc_/);
});
